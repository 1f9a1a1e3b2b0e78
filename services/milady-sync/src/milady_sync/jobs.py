"""Time in: the nightly sync, the one before each scan, and whatever is due to be tried again (SPEC 3.1, 3.4)."""

import asyncio

import structlog
from chassis.database import Transaction, is_transient
from chassis.fields import known_zones
from chassis.schedule import Job, Slot

from milady_sync import queries, work
from milady_sync.commands import provisioning, syncs

log = structlog.get_logger()
LOOK_EVERY = 2.0


async def zones(tx: Transaction) -> list[str]:
    """The zones to sync in; one that nobody knows is left out, so that it does not stop the others."""
    return [zone for zone in await queries.zones(tx) if zone in known_zones()]


async def sync_zone(tx: Transaction, slot: Slot) -> None:
    """One run for each program of the zone, so that a run's end says of whom the data is fresh."""
    for program_id in await queries.programs_in(tx, slot.zone):
        await syncs.start(tx, "program", program_id)


JOBS = [Job("sync-nightly", "30 3 * * *", sync_zone, zones), Job("sync-before-scans", "30 18 * * *", sync_zone, zones)]


async def request_what_is_due(context: work.Here) -> None:
    """Looks every few seconds, on every replica, for provisionings to try again and runs to end. Runs until it is cancelled."""
    while True:
        try:
            async with context.database.transaction() as tx:
                await provisioning.request_due(tx)
                await syncs.end_overdue(tx)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("what is due waits", because=repr(error))
        await asyncio.sleep(LOOK_EVERY)
