"""Time in: jobs fire once per zone and slot however many replicas run, through daylight saving, and catch up within a day (SPEC 3.1)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from cronsim import CronSim
from prometheus_client import Counter, Gauge

from chassis.database import Database, Transaction

log = structlog.get_logger()
outcomes = Counter("job_runs_total", "Runs of scheduled jobs", ["name", "outcome"])
looked_at = Gauge(
    "scheduler_looked_timestamp_seconds", "When the scheduler last went through all jobs, as Unix time; 0 where there is none"
)
CATCH_UP = timedelta(days=1)
TICK, PAUSE_AFTER_FAILURE = 1.0, 15.0


@dataclass(frozen=True)
class Slot:
    """A time at which a job is due: an instant, and its date where the zone is."""

    job: str
    zone: str
    at: datetime

    @property
    def local_date(self) -> date:
        """The date of the slot in its zone."""
        return self.at.astimezone(ZoneInfo(self.zone)).date()


async def _utc(_: Transaction) -> list[str]:
    return ["UTC"]


@dataclass(frozen=True)
class Job:
    """Something that is due by the clock. `cron` is read in each zone of `zones(tx)`; `run(tx, slot)` does it in one transaction."""

    name: str
    cron: str
    run: Callable[[Transaction, Slot], Awaitable[None]]
    zones: Callable[[Transaction], Awaitable[list[str]]] = _utc


def due(job: str, cron: str, zone: str, since: datetime, now: datetime) -> Iterator[Slot]:
    """The slots after `since` up to `now`, of the last day at most, oldest first."""
    start = max(since, now - CATCH_UP).astimezone(ZoneInfo(zone))
    for at in CronSim(cron, start):
        if at.astimezone(UTC) > now:
            return
        yield Slot(job, zone, at.astimezone(UTC))


def next_after(cron: str, zone: str, now: datetime) -> datetime:
    """The first slot after that instant, in UTC."""
    return next(CronSim(cron, now.astimezone(ZoneInfo(zone)))).astimezone(UTC)


async def run_slot(database: Database, job: Job, slot: Slot) -> bool:
    """Runs the slot, unless it ran before; the claim and the work commit together. Returns whether it ran now."""
    async with database.transaction() as tx:
        claimed = await tx.first(
            "insert into schedule_slot (job, zone, slot) values (:job, :zone, :slot) on conflict do nothing returning job",
            {"job": slot.job, "zone": slot.zone, "slot": slot.at},
        )
        if claimed:
            await job.run(tx, slot)
        return claimed is not None


async def known_since(tx: Transaction, job: str, zone: str, now: datetime) -> datetime:
    """When this job first knew of the zone; slots before that were never due."""
    await tx.execute(
        "insert into schedule_zone (job, zone, since) values (:job, :zone, :now) on conflict do nothing",
        {"job": job, "zone": zone, "now": now},
    )
    found: datetime = await tx.scalar("select since from schedule_zone where job = :job and zone = :zone", {"job": job, "zone": zone})
    return found


class Scheduler:
    """Looks every second at what is due. Any number of replicas may run it."""

    def __init__(self, database: Database, jobs: list[Job], clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.database, self.jobs, self.clock = database, jobs, clock
        self._upto: dict[tuple[str, str], datetime] = {}
        self._next: dict[tuple[str, str], datetime] = {}
        for job in jobs:
            for outcome in ("ran", "failed"):
                outcomes.labels(job.name, outcome)

    async def run(self) -> None:
        """Runs until it is cancelled; a job that fails is tried again a little later, and the others go on."""
        looked_at.set_to_current_time()
        while True:
            pause = TICK
            for job in self.jobs:
                try:
                    await self.tick(job)
                except Exception:
                    outcomes.labels(job.name, "failed").inc()
                    log.exception("job failed and is tried again", job=job.name)
                    pause = PAUSE_AFTER_FAILURE
            looked_at.set_to_current_time()
            await asyncio.sleep(pause)

    async def tick(self, job: Job) -> int:
        """Runs every slot of `job` that is due and did not run. Returns how many ran here."""
        now, ran = self.clock(), 0
        for zone, since in (await self._to_go_on_from(job, now)).items():
            if now < self._next.get((job.name, zone), since):
                continue
            for slot in due(job.name, job.cron, zone, since, now):
                if await run_slot(self.database, job, slot):
                    ran += 1
                    outcomes.labels(job.name, "ran").inc()
                    log.info("job ran", job=job.name, zone=zone, slot=slot.at.isoformat())
                self._upto[job.name, zone] = slot.at
            self._next[job.name, zone] = next_after(job.cron, zone, now)
        return ran

    async def _to_go_on_from(self, job: Job, now: datetime) -> dict[str, datetime]:
        """For each zone of the job the last slot that is known to have run, or when it was first known."""
        async with self.database.transaction() as tx:
            zones = await job.zones(tx)
            new = {(job.name, zone): await known_since(tx, job.name, zone, now) for zone in zones if (job.name, zone) not in self._upto}
        self._upto |= new
        return {zone: self._upto[job.name, zone] for zone in zones}
