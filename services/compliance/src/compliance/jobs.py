"""Time in: the scans of each zone, Wednesday and Sunday at 19:30 there (SPEC 3.1)."""

from datetime import UTC, datetime

from chassis.database import Transaction
from chassis.schedule import Job, Slot

from compliance.commands.scans import scan
from compliance.queries.scans import zones


async def midweek(tx: Transaction, slot: Slot) -> None:
    """The midweek check of a zone."""
    await scan(tx, "midweek", slot.zone, slot.local_date, datetime.now(UTC))


async def weekly(tx: Transaction, slot: Slot) -> None:
    """The weekly check of a zone."""
    await scan(tx, "weekly", slot.zone, slot.local_date, datetime.now(UTC))


JOBS = [Job("scan-midweek", "30 19 * * 3", midweek, zones), Job("scan-weekly", "30 19 * * 0", weekly, zones)]
