"""The compliance service, composed."""

import asyncio
from datetime import UTC, datetime

import click
from chassis.cli import session
from chassis.errors import Refusal
from chassis.service import Service
from contracts.audit import recorded
from contracts.people import KINDS

from compliance.api import routers
from compliance.commands.scans import scan_by_hand
from compliance.consumers import inbox
from compliance.domain.alerts import Kind
from compliance.jobs import JOBS
from compliance.queries.scans import zones
from compliance.rights import RIGHTS


@click.command("scan")
@click.argument("kind", type=click.Choice(["midweek", "weekly"]))
@click.option("--date", "day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The slot's date: a Wednesday, or a Sunday.")
@click.option("--zone", help="One time zone, e.g. America/New_York.  [default: every program's]")
def scan_command(kind: Kind, day: datetime, zone: str | None) -> None:
    """Run the check of a slot by hand; a second run changes nothing."""
    asyncio.run(_scan(kind, day, zone))


async def _scan(kind: Kind, day: datetime, zone: str | None) -> None:
    async with session(service) as context:
        async with context.database.transaction() as tx:
            wanted = [zone] if zone else await zones(tx)
        for each in wanted:
            try:
                async with context.database.transaction() as tx:
                    row, ran = await scan_by_hand(tx, kind, each, day.date(), datetime.now(UTC))
            except Refusal as refusal:
                raise click.ClickException(refusal.sentence) from refusal
            counts = f"{row.checked} checked, {row.raised} raised, {row.risen} risen, {row.superseded} superseded"
            click.echo(f"{kind} {row.local_date} {each}: {counts}" + ("" if ran else f" (ran before, at {row.as_of.isoformat()})"))


service = Service(
    "compliance", KINDS, routers=routers, rights=RIGHTS, inboxes=[inbox], jobs=JOBS, audit_event=recorded, commands=[scan_command]
)
