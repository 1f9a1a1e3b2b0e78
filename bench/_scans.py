"""A week's scans over everybody, as the service's workers do them, and the loop that they are held against."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import asyncpg
from _cohort import Cohort
from _enrollments import ALERTED, ZONES
from chassis.database import Database
from compliance.commands import scans
from compliance.queries import judging
from compliance.queries.scans import look_on

SAMPLE = 1_000
FRESH = timedelta(hours=6)
ONE_BY_ONE = (
    "select required_minutes_per_week, inactivity_days_threshold from requirement where enrollment_id = $1 and effective_until is null",
    "select coalesce(sum(minutes), 0) from hour_entry where student_id = $1 and work_date between $2 and $2 + 6",
    "select max(work_date) from hour_entry where student_id = $1",
)
"""The seed's `run_weekly_hours_alerts`: a requirement, `get_week_hours` and `get_last_activity_date` for each student."""


async def _by_two(work: Callable[[str], Awaitable[None]]) -> None:
    """The work for each zone, two at a time as one process of the service takes them."""
    waiting = list(ZONES)

    async def lane() -> None:
        while waiting:
            await work(waiting.pop())

    await asyncio.gather(lane(), lane())


async def evaluated(database: Database, cohort: Cohort) -> float:
    """Seconds for judging everybody, writing nothing."""
    sunday, found, started = cohort.week + timedelta(days=6), 0, time.perf_counter()

    async def judge(zone: str) -> None:
        nonlocal found
        scan = SimpleNamespace(kind="weekly", zone=zone, local_date=sunday, upto=None)
        while True:
            async with database.transaction() as tx:
                await tx.execute(scans.SHORT)
                batch = await look_on(tx, scan, scans.LOOKED_AT, scans.BATCH)
                if not batch.checked:
                    return
                read = judging.parameters("weekly", sunday, batch.ids, weekly_ran=False)
                read.pop("type")
                # Added after the wait, for two zones add to it.
                amiss = await tx.scalar(f"with {judging.found('weekly', last_day=True)} select count(*) from found", read)
                found += amiss
                scan.upto = batch.upto

    await _by_two(judge)
    _expect("are judged", found, cohort.size * ALERTED // 100)
    return time.perf_counter() - started


async def _scan(database: Database, kind: str, day: date) -> float:
    """Seconds for that scan of every zone, as the service's workers do it."""
    started = time.perf_counter()

    async def scan(zone: str) -> None:
        async with database.transaction() as tx:
            scan_id, _ = await scans.start_by_hand(tx, kind, zone, day, datetime.now(UTC))
        over = False
        while not over:
            async with database.transaction() as tx:
                over = await scans.work_on(tx, scan_id, datetime.now(UTC), FRESH)

    await _by_two(scan)
    return time.perf_counter() - started


async def scanned(database: Database, cohort: Cohort) -> float:
    """Seconds for the weekly scan, alerts, events, audit and digests written."""
    took = await _scan(database, "weekly", cohort.week + timedelta(days=6))
    async with database.transaction() as tx:
        _expect("are raised", await tx.scalar("select sum(raised) from scan"), cohort.size * ALERTED // 100)
        _expect("are checked", await tx.scalar("select sum(checked) from scan"), cohort.size)
    return took


async def closed(cohort: Cohort) -> float:
    """Seconds for the close of the week, results, streaks, events and audit written."""
    database = Database(cohort.database.login_url, "compliance", pool_size=2)
    took = await _scan(database, "close", cohort.week + timedelta(days=7))
    async with database.transaction() as tx:
        counted = "select count(*) from weekly_total where week_start = :week and result is not null"
        _expect("are closed", await tx.scalar(counted, {"week": cohort.week}), cohort.size)
    await database.close()
    return took


async def looped(admin: asyncpg.Connection, cohort: Cohort) -> float:
    """Seconds that one student takes in a loop of three queries each, which raises nothing yet."""
    numbers = random.Random(cohort.seed).sample(range(cohort.size), min(SAMPLE, cohort.size))
    students = await cohort.students(admin, numbers)
    took = []
    for _ in range(2):
        started = time.perf_counter()
        for enrollment_id, student_id in students:
            await admin.fetchrow(ONE_BY_ONE[0], enrollment_id)
            await admin.fetchval(ONE_BY_ONE[1], student_id, cohort.week)
            await admin.fetchval(ONE_BY_ONE[2], student_id)
        took.append((time.perf_counter() - started) / len(students))
    return min(took)


def _expect(what: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise RuntimeError(f"{found} {what}, not {wanted}")
