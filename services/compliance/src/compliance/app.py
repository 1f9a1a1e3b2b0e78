"""The compliance service, composed."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime

import click
from chassis.cli import session
from chassis.errors import Refusal
from chassis.principal import NO_CALLER, SYSTEM
from chassis.service import Service
from contracts.audit import recorded
from contracts.people import KINDS
from sqlalchemy.exc import DBAPIError

from compliance import work
from compliance.api import routers
from compliance.commands import years
from compliance.consumers import inbox
from compliance.domain.scans import TIMETABLE, ScanKind
from compliance.importing import FORGET, work_off
from compliance.jobs import JOBS
from compliance.queries.scans import one, zones
from compliance.records import HOLDINGS
from compliance.rights import RIGHTS
from compliance.settings import ComplianceSettings
from compliance.work import measure, work_beside
from compliance.work import work as scan_work

BUSY = {"55P03", "40P01"}
"""PostgreSQL's words for a lock that was not given in time, and for two who waited for each other."""


@click.command("scan")
@click.argument("kind", type=click.Choice(list(TIMETABLE)))
@click.option(
    "--date",
    "day",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="The slot's date: for midweek a Wednesday, for weekly a Sunday, for close a Monday.",
)
@click.option("--zone", help="One time zone, e.g. America/New_York.  [default: every program's]")
def scan_command(kind: ScanKind, day: datetime, zone: str | None) -> None:
    """Run the check of a slot by hand; a second run changes nothing."""
    asyncio.run(_scan(kind, day, zone))


async def _scan(kind: ScanKind, day: datetime, zone: str | None) -> None:
    async with session(service) as context:
        async with context.database.transaction() as tx:
            wanted = [zone] if zone else await zones(tx)
        for each in wanted:
            try:
                scan_id, changed = await work.run_by_hand(context, SYSTEM, NO_CALLER, kind, each, day.date())
            except Refusal as refusal:
                raise click.ClickException(refusal.sentence) from refusal
            async with context.database.transaction() as tx:
                row = await one(tx, scan_id)
            counts = f"{row.checked} checked, {row.raised} raised, {row.risen} risen, {row.superseded} superseded, {row.held} held"
            click.echo(f"{kind} {row.local_date} {each}: {counts}" + ("" if changed else f" (ran before, at {row.as_of.isoformat()})"))


@click.group("ledger")
def ledger_command() -> None:
    """The ledger's years."""


@ledger_command.command("detach")
@click.argument("year", type=click.IntRange(2000, 9998))
def detach_command(year: int) -> None:
    """Take an old year's hours out of the ledger; the totals of its weeks stay."""
    click.echo(asyncio.run(_told(_detach(year))))


@ledger_command.command("attach")
@click.argument("year", type=click.IntRange(2000, 9998))
def attach_command(year: int) -> None:
    """Put a detached year's hours back, and count its weeks anew."""
    click.echo(asyncio.run(_told(_attach(year))))


async def _told(work: Awaitable[str]) -> str:
    try:
        return await work
    except Refusal as refusal:
        raise click.ClickException(refusal.sentence) from refusal
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in BUSY:
            raise
        raise click.ClickException("The ledger is busy. Nothing was done; try again in a moment.") from error


async def _detach(year: int) -> str:
    async with session(service) as context, context.database.transaction() as tx:
        new = await years.detach(tx, year, datetime.now(UTC).date())
    return f"{year} is detached" + ("" if new else " already")


async def _attach(year: int) -> str:
    async with session(service) as context:
        async with context.database.transaction() as tx:
            await years.attach(tx, year)
        after: years.Key | None = years.FIRST
        while after is not None:
            async with context.database.transaction() as tx:
                after = await years.recount_some(tx, year, after, datetime.now(UTC))
    return f"{year} is attached, and its weeks are counted anew"


service = Service(
    "compliance",
    KINDS,
    settings=ComplianceSettings,
    routers=routers,
    rights=RIGHTS,
    inboxes=[inbox],
    jobs=[*JOBS, FORGET],
    tasks=[work_off, scan_work, work_beside, measure],
    audit_event=recorded,
    commands=[scan_command, ledger_command],
    holdings=HOLDINGS,
)
