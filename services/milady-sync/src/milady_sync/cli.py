"""milady-sync's own commands."""

import asyncio
from uuid import UUID

import click
from chassis.cli import session
from chassis.errors import Refusal
from chassis.service import Service

from milady_sync.commands import syncs


def commands(service: Service) -> list[click.Command]:
    """`sync` of this service."""

    @click.command("sync")
    @click.option("--program", type=click.UUID, help="Only this program.")
    @click.option("--enrollment", type=click.UUID, help="Only this enrollment.")
    def sync(program: UUID | None, enrollment: UUID | None) -> None:
        """Start a sync run: of everything, or of one program or enrollment."""
        if program and enrollment:
            raise click.UsageError("Name a program or an enrollment, not both.")
        kind = "program" if program else "enrollment" if enrollment else "all"
        try:
            click.echo(asyncio.run(_start(service, kind, program or enrollment)))
        except Refusal as refusal:
            raise click.ClickException(refusal.sentence) from None

    return [sync]


async def _start(service: Service, kind: str, scope_id: UUID | None) -> str:
    async with session(service) as context, context.database.transaction() as tx:
        run = await syncs.start(tx, kind, scope_id)
        return f"sync {run.sync_id}: {run.total} enrollments requested"
