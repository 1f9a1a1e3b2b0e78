"""What runs longer than one transaction: scans, batch by batch, and what is checked again (SPEC 3.1, 3.3)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import structlog
from chassis.database import Database, is_transient
from chassis.principal import Caller, Principal
from chassis.service import Context
from prometheus_client import Gauge

from compliance.commands import rechecks, scans
from compliance.queries.scans import next_running
from compliance.settings import ComplianceSettings

log = structlog.get_logger()
held = Gauge("checks_held", "Alerts that wait for newer data of Milady's")
Here = Context[ComplianceSettings]
IDLE, MEASURE_EVERY = 0.5, 15.0


async def work(context: Here) -> None:
    """Goes on with whatever scan runs, and checks again what has to be, on every replica. Runs until it is cancelled."""
    await _again_and_again(context, once)


async def work_beside(context: Here) -> None:
    """Goes on with a second scan at the same time, where several run: one keeps one core of PostgreSQL busy. Runs until cancelled."""
    await _again_and_again(context, _batch)


async def _again_and_again(context: Here, step: Callable[[Here], Awaitable[bool]]) -> None:
    while True:
        try:
            busy = await step(context)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("scans wait", because=repr(error))
            busy = False
        await asyncio.sleep(0 if busy else IDLE)


async def measure(context: Here) -> None:
    """Keeps true how many alerts wait, for whoever watches. Runs until it is cancelled."""
    while True:
        try:
            async with context.database.transaction() as tx:
                held.set(await tx.scalar("select count(*) from held_check"))
        except Exception as error:
            if not is_transient(error):
                raise
        await asyncio.sleep(MEASURE_EVERY)


async def once(context: Here) -> bool:
    """One batch of a scan, or of what is checked again. Gives whether there was any."""
    if await _batch(context):
        return True
    async with context.database.transaction() as tx:
        return bool(await rechecks.recheck(tx, datetime.now(UTC), context.settings.milady_age))


async def _batch(context: Here) -> bool:
    """The next batch of a scan that nobody works on. Gives whether there was one."""
    async with context.database.transaction() as tx:
        scan_id = await next_running(tx)
        if scan_id:
            await scans.work_on(tx, scan_id, datetime.now(UTC), context.settings.milady_age)
    return scan_id is not None


async def run_by_hand(context: Here, who: Principal, caller: Caller, kind: str, zone: str, day: date) -> tuple[UUID, bool]:
    """Starts the scan of a slot, or goes through it anew, and works on it to its end. Gives its id, and whether it changed anything.

    Raises ZoneNotKnown, NotAScanDay, SlotNotDue or YearDetached.
    """
    database: Database = context.database
    async with database.transaction(who, caller) as tx:
        scan_id, new = await scans.start_by_hand(tx, kind, zone, day, datetime.now(UTC))
    before = await _finished(database, scan_id)
    over = False
    while not over:
        async with database.transaction() as tx:
            over = await scans.work_on(tx, scan_id, datetime.now(UTC), context.settings.milady_age)
    return scan_id, new or before != await _finished(database, scan_id)


async def _finished(database: Database, scan_id: UUID) -> Any:
    async with database.transaction() as tx:
        return await tx.scalar("select finished_at from scan where scan_id = :id", {"id": scan_id})
