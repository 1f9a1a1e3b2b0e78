"""Time in: each zone's scans (SPEC 3.1), which `work` then goes through, what has waited for too long, and what waits for Milady's data."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from chassis.database import Transaction
from chassis.schedule import Job, Slot

from compliance.commands import rechecks, years
from compliance.commands.digests import escalate_aged
from compliance.commands.scans import start
from compliance.domain.scans import TIMETABLE, cron
from compliance.queries.scans import zones
from compliance.settings import ComplianceSettings


def _scan(kind: str) -> Callable[[Transaction, Slot], Awaitable[None]]:
    async def run(tx: Transaction, slot: Slot) -> None:
        await start(tx, kind, slot.zone, slot.local_date, datetime.now(UTC))

    return run


async def escalate(tx: Transaction, slot: Slot) -> None:
    """Escalates what has been open for too long, in the morning of the zone."""
    await escalate_aged(tx, slot.zone, slot.at, ComplianceSettings().escalation_days)


async def release(tx: Transaction, _: Slot) -> None:
    """Judges what was held, where newer data of Milady's has come."""
    await rechecks.release(tx, datetime.now(UTC), ComplianceSettings().milady_age)


async def make_ahead(tx: Transaction, _: Slot) -> None:
    """Gives each year of the ledger its partition, the next one long before it begins."""
    await years.make_ahead(tx)


JOBS = [
    *(Job(f"scan-{kind}", cron(kind), _scan(kind), zones) for kind in TIMETABLE),
    Job("release-held", "* * * * *", release),
    Job("make-ledger-years", "0 2 * * *", make_ahead),
    Job("escalate-alerts", "0 7 * * *", escalate, zones),
]
