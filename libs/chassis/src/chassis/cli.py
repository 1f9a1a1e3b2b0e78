"""The command line of every service: `python -m <service> COMMAND`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import click
import structlog
from sqlalchemy.exc import SQLAlchemyError

from chassis import audit_retention, audit_verify, migrate, outbox
from chassis.audit import GENESIS
from chassis.audit_heads import Heads, published
from chassis.deadletters import DeadLetter, DeadLetters
from chassis.errors import Refusal
from chassis.inbox import Applier, Inbox
from chassis.service import PARTS, Context, Service, make_context
from chassis.serving import serve
from chassis.settings import load

NOTHING_YET = f"0:{GENESIS}"
"""The head of a chain without entries, as `audit verify` prints it."""


@asynccontextmanager
async def session(service: Service) -> AsyncIterator[Context[Any]]:
    """The service's context for one command, with its resources, and without any part running."""
    context = make_context(service, load(service.settings))
    try:
        if service.resources is None:
            yield context
        else:
            async with service.resources(context) as context.resources:
                yield context
    finally:
        await context.database.close()


def main(service: Service) -> None:
    """Runs the command line of `service`; the whole of its `__main__.py`. What a command says goes to standard output, logs do not."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))
    group = click.Group(help=f"Chairside's {service.name} service.", context_settings={"help_option_names": ["-h", "--help"]})
    for command in (_serve, _migrate, _replay, _dead_letters, _audit):
        group.add_command(command(service))
    for own in service.commands:
        group.add_command(own)
    group(prog_name=f"python -m {service.package}")


def _serve(service: Service) -> click.Command:
    @click.command("serve")
    @click.option("--only", default=",".join(PARTS), show_default=True, help="The parts to run, comma separated.")
    def command(only: str) -> None:
        """Run the service, or some of its parts."""
        parts = [part.strip() for part in only.split(",")]
        if unknown := set(parts) - set(PARTS):
            raise click.BadParameter(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
        serve(service, load(service.settings), parts)

    return command


def _owner_url(service: Service) -> str:
    """The address for what the database's owner does."""
    if url := load(service.settings).owner_database_url:
        return url
    raise click.ClickException("CHAIRSIDE_OWNER_DATABASE_URL is not set; this runs as the database's owner.")


def _migrate(service: Service) -> click.Command:
    @click.command("migrate")
    def command() -> None:
        """Bring the database to this build's migrations."""
        try:
            asyncio.run(migrate.upgrade(service.name, service.package, _owner_url(service)))
        except (SQLAlchemyError, asyncpg.PostgresError, OSError) as error:
            raise click.ClickException(
                f"The migration of {service.name} failed and was undone: {getattr(error, 'orig', None) or error}. "
                "The build that runs goes on as before; mend the migration and run migrate again."
            ) from None
        click.echo(f"{service.name}: at {migrate.head(service.package)}")

    return command


def _replay(service: Service) -> click.Command:
    @click.command("replay")
    @click.option("--topic", help="Only this topic.")
    @click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]), help="Only what was published since.")
    def command(topic: str | None, since: datetime | None) -> None:
        """Publish again what was published before; consumers drop what they have."""

        async def run() -> int:
            async with session(service) as context, context.database.transaction() as tx:
                return await outbox.replay(tx, topic=topic, since=since.astimezone() if since else None)

        click.echo(f"{asyncio.run(run())} events go out again")

    return command


def _audit(service: Service) -> click.Command:
    @click.group("audit")
    def group() -> None:
        """The audit trail."""

    @group.command("verify")
    @click.option("--head", "kept", multiple=True, help="A head that was kept elsewhere, as POSITION:HASH, beside those on Kafka.")
    def command(kept: tuple[str, ...]) -> None:
        """Recompute the hash chain, compare it with the published heads, and name the first broken link."""
        try:
            found = asyncio.run(_verified(service, kept))
        except (ValueError, Refusal) as refusal:
            raise click.ClickException(str(refusal)) from None
        if found.broken_at is not None:
            raise click.ClickException(f"broken at {found.broken_at}: {found.reason}")
        click.echo(
            f"{found.entries} entries verified against {found.compared} published heads, "
            f"{found.unsealed} not sealed yet, head {found.entries}:{found.head}"
        )

    @group.command("drop")
    @click.option("--before", "first", type=click.DateTime(["%Y-%m"]), required=True, help="The first month that is kept, as YYYY-MM.")
    def drop(first: datetime) -> None:
        """Drop the months of the trail before the one named. What is kept is verified as before, and says that this was done."""
        try:
            found = asyncio.run(audit_retention.drop(_owner_url(service), first.date(), datetime.now(UTC).date()))
        except Refusal as refusal:
            raise click.ClickException(str(refusal)) from None
        click.echo(f"{found.months} months dropped, up to the entry {found.position}.")

    return group


async def _verified(service: Service, kept: tuple[str, ...]) -> audit_verify.Verification:
    """Reads the heads first: what is published then is in the chain."""
    async with session(service) as context:
        heads = await published(context.settings.kafka, service.name) if service.audit_event else Heads()
        for told in (head for head in kept if head != NOTHING_YET):
            position, _, hashed = told.partition(":")
            heads.tell(int(position) if position.isdecimal() else 0, hashed)
        async with context.database.transaction() as tx:
            return await audit_verify.verify(tx, heads)


def _dead_letters(service: Service) -> click.Command:
    @click.group("dead-letters")
    def group() -> None:
        """Events that could not be applied."""

    @group.command("list")
    def show() -> None:
        """List them, with their origin and error."""
        asyncio.run(_each(service, redrive=False))

    @group.command("redrive")
    @click.option("--origin", help="Only this one, as TOPIC/PARTITION/OFFSET.")
    def redrive(origin: str | None) -> None:
        """Apply them again, once only; what fails again stays."""
        asyncio.run(_each(service, redrive=True, origin=origin))

    return group


class _Again(DeadLetters):
    """Takes note of what failed again, in place of a second letter."""

    failed: str | None = None

    async def put(self, delivery: Any, consumer: str, error: BaseException) -> None:
        self.failed = f"{type(error).__name__}: {error}"


async def _each(service: Service, *, redrive: bool, origin: str | None = None) -> None:
    async with session(service) as context:
        for inbox in service.inboxes:
            async for letter in DeadLetters(context.settings.kafka).read(inbox.topics, inbox.consumer):
                at = f"{letter.delivery.topic}/{letter.delivery.partition}/{letter.delivery.offset}"
                if origin in (None, at):
                    click.echo(f"{at}  {letter.at}  {await _state(context, inbox, letter, redrive)}")


async def _state(context: Context[Any], inbox: Inbox, letter: DeadLetter, redrive: bool) -> str:
    """What became of the letter; tries it again first, when asked."""
    async with context.database.transaction() as tx:
        known = {"id": letter.delivery.id, "consumer": inbox.consumer}
        if await tx.scalar("select true from inbox where message_id = :id and consumer = :consumer", known):
            return "applied"
    if not redrive:
        return " ".join(letter.error.split())
    again = _Again(context.settings.kafka)
    await Applier(inbox, context.database, again, context).apply([letter.delivery])
    await again.close()
    return f"failed again: {' '.join(again.failed.split())}" if again.failed else "applied now"
