"""Slots in every zone through daylight saving, once each, caught up within a day."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo, available_timezones

from chassis.schedule import Job, Scheduler, due
from hypothesis import given, settings
from hypothesis import strategies as st

ZONES = sorted(zone for zone in available_timezones() if "/" in zone)
NEW_YORK = ZoneInfo("America/New_York")


@settings(max_examples=200)
@given(st.sampled_from(ZONES), st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))
def test_the_evening_slot_is_at_half_past_seven_wherever_it_is(zone, moment):
    now = moment.replace(tzinfo=UTC)
    slots = list(due("evening", "30 19 * * *", zone, now - timedelta(days=3), now))
    assert len(slots) <= 2
    for slot in slots:
        local = slot.at.astimezone(ZoneInfo(zone))
        assert now - timedelta(days=1) < slot.at <= now
        assert (local.hour, local.minute) == (19, 30) or local.utcoffset() != (local - timedelta(hours=2)).utcoffset()


def test_sunday_evening_in_new_york_is_monday_in_utc():
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    (slot,) = due("weekly", "30 19 * * 0", "America/New_York", now - timedelta(days=1), now)
    assert slot.at == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    assert slot.local_date.isoformat() == "2026-11-22"


def test_both_changes_of_the_clock_give_one_slot_a_day():
    for change in (datetime(2026, 3, 8, tzinfo=NEW_YORK), datetime(2026, 11, 1, tzinfo=NEW_YORK)):
        for cron in ("30 3 * * *", "30 2 * * *", "30 1 * * *"):
            end = (change + timedelta(days=1)).astimezone(UTC)
            slots = list(due("daily", cron, "America/New_York", change.astimezone(UTC), end))
            assert len([slot for slot in slots if slot.local_date == change.date()]) == 1, (change, cron)


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


def job_that_counts(zone):
    async def run(tx, slot):
        await tx.execute("insert into told values (uuidv7(), 1, :slot)", {"slot": f"{slot.job} {slot.at.isoformat()}"})
        await asyncio.sleep(0.02)

    async def zones(_):
        return [zone]

    return Job(f"job {uuid4()}", "30 19 * * *", run, zones)


async def runs(database, job):
    async with database.transaction() as tx:
        return [row.last for row in await tx.all("select last from told where last like :job || ' %' order by last", {"job": job.name})]


async def test_ten_replicas_fire_a_slot_once(database):
    job, clock = job_that_counts("America/New_York"), Clock(datetime(2026, 11, 20, 12, tzinfo=UTC))
    replicas = [Scheduler(database, [job], clock) for _ in range(10)]
    await asyncio.gather(*(replica.tick(job) for replica in replicas))
    clock.now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    ran = await asyncio.gather(*(replica.tick(job) for replica in replicas))
    assert sum(ran) == 1
    assert len(await runs(database, job)) == 1


async def test_a_slot_missed_while_down_runs_within_a_day_and_an_older_one_does_not(database):
    job, clock = job_that_counts("America/New_York"), Clock(datetime(2026, 11, 10, 12, tzinfo=UTC))
    assert await Scheduler(database, [job], clock).tick(job) == 0
    clock.now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert await Scheduler(database, [job], clock).tick(job) == 1
    assert await Scheduler(database, [job], clock).tick(job) == 0


async def test_a_job_that_fails_keeps_its_slot(database):
    job, clock = job_that_counts("America/New_York"), Clock(datetime(2026, 11, 10, 12, tzinfo=UTC))
    scheduler, fails = Scheduler(database, [job], clock), True

    async def run(tx, slot):
        await job.run(tx, slot)
        if fails:
            raise RuntimeError("halfway")

    flaky = Job(job.name, job.cron, run, job.zones)
    await scheduler.tick(flaky)
    clock.now = datetime(2026, 11, 11, 12, tzinfo=UTC)
    try:
        await scheduler.tick(flaky)
    except RuntimeError:
        fails = False
    assert await runs(database, job) == []
    assert await scheduler.tick(flaky) == 1
