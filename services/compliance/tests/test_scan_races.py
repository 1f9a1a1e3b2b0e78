"""What meets a scan at the same instant: a barrier holds the student's ledger until both wait for it, in the order that is asked for.

Whoever comes first is seen by the other, and there is one right outcome each way (decision 17).
"""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from chassis.database import Database
from compliance.commands import rechecks, scans
from dev.harness import eventually

FIRST = pytest.mark.parametrize("first", ["scan", "other"])
WAITING = """select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
 and query not like '%pg_advisory%'"""


@asynccontextmanager
async def barrier(place):
    """Holds the student's ledger; gives how to wait until so many wait for it."""
    connection = await asyncpg.connect(place.service.database.admin_url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("select from student_ledger where student_id = $1 for update", place.student_id)

    async def queued(count):
        async def there():
            [row] = await place.service.sql(WAITING)
            return row[0] >= count

        await eventually(there)

    try:
        yield queued
    finally:
        await transaction.rollback()
        await connection.close()


async def race(place, first, scan, other):
    """Both at once, queued in that order behind the barrier; gives what came of them: of the scan, then of the other."""
    steps = {"scan": scan, "other": other}
    tasks = {}
    async with barrier(place) as queued:
        for count, name in enumerate([first, *(steps.keys() - {first})], start=1):
            tasks[name] = asyncio.ensure_future(steps[name]())
            await queued(count)
    return await tasks["scan"], await tasks["other"]


def sunday(place):
    return place.monday(1) + timedelta(days=6)


@FIRST
async def test_hours_that_reach_the_target(enroll, first):
    place = await enroll(2, zone="own")
    done, entry = await race(place, first, lambda: place.scan("weekly", sunday(place)), lambda: place.log(place.monday(1), 600))
    assert entry.status_code == 201
    found = [(alert["status"], alert["resolution"]) for alert in await place.alerts()]
    assert (done.json()["raised"], found) == ((1, [("resolved", "target-reached")]) if first == "scan" else (0, []))


def void(place, entry):
    return lambda: place.as_("student").post(f"/v1/hours/{entry['log_id']}/void", json={"reason": "test"})


@FIRST
async def test_a_void_of_some_of_too_few_hours(enroll, first):
    """Either way the student is accused of no hours at all in the end, with one alert."""
    place = await enroll(2, zone="own")
    entry = (await place.log(place.monday(1), 300)).json()
    done, voided = await race(place, first, lambda: place.scan("weekly", sunday(place)), void(place, entry))
    assert voided.status_code == 200
    assert done.json()["counts"] == ({"low": 1} if first == "scan" else {"high": 1})

    async def risen():
        return [alert["revision"] for alert in await place.alerts() if (alert["status"], alert["severity"]) == ("open", "high")]

    assert await eventually(risen) == ([2] if first == "scan" else [1])


async def test_a_void_while_the_scan_passes_who_had_enough(enroll):
    """The scan does not wait for hours of someone whose total it sees reached; the void has it told once that they are missing."""
    place = await enroll(2, zone="own")
    entry = (await place.log(place.monday(1), 600)).json()
    async with barrier(place) as queued:
        voided = asyncio.ensure_future(void(place, entry)())
        await queued(1)
        done = await place.scan("weekly", sunday(place))
    assert (await voided).status_code == 200
    assert (done.json()["checked"], done.json()["raised"]) == (1, 0)
    [alert] = await eventually(place.alerts)
    assert (alert["status"], alert["revision"]) == ("open", 1)
    assert (await place.service.sql("select raised from scan where zone = $1", place.zone))[0]["raised"] == 1


async def started(place, kind, day):
    """A scan that the worker goes through, also for a day of the present week that has not come."""
    database = Database(place.service.database.login_url, "compliance")
    try:
        async with database.transaction() as tx:
            scan_id, _ = await scans.start(tx, kind, place.zone, day, datetime.now(UTC))
    finally:
        await database.close()

    async def over():
        [row] = await place.service.sql("select * from scan where scan_id = $1", scan_id)
        return None if row["running"] else row

    return await eventually(over)


@FIRST
async def test_a_requirement_that_asks_for_nothing(enroll, first):
    place = await enroll(2, zone="own")
    wednesday = place.monday(0) + timedelta(days=2)
    ask = lambda: place.as_("admin").put(f"/v1/requirements/{place.enrollment_id}", json={"required_minutes_per_week": 0})
    done, changed = await race(place, first, lambda: started(place, "midweek", wednesday), ask)
    assert changed.status_code == 200
    found = [(alert["status"], alert["resolution"]) for alert in await place.alerts()]
    assert (done["raised"], found) == ((1, [("resolved", "excused")]) if first == "scan" else (0, []))


@FIRST
async def test_a_withdrawal_in_the_middle_of_the_week(enroll, first):
    place = await enroll(2, zone="own")

    async def withdrawn():
        await place.send("onboarding", place.withdrawn(place.monday(1) + timedelta(days=2)))
        return await eventually(
            lambda: place.service.sql("select 1 from enrollment where enrollment_id = $1 and revision = 2", place.enrollment_id)
        )

    done, _ = await race(place, first, lambda: place.scan("weekly", sunday(place)), withdrawn)
    found = [(alert["status"], alert["resolution"]) for alert in await place.alerts()]
    assert (done.json()["raised"], found) == ((1, [("resolved", "enrollment-ended")]) if first == "scan" else (0, []))


async def test_one_slot_is_gone_through_once_however_many_ask_at_once(enroll):
    place = await enroll(2, zone="own")
    answers = await asyncio.gather(*(place.scan("weekly", sunday(place)) for _ in range(4)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    [alert] = await place.alerts()
    assert alert["revision"] == 1
    digests = await place.service.sql("select 1 from outbox where topic = 'message.requested' and key = $1", str(place.partner_id))
    assert len(digests) == 1


async def test_a_scan_that_breaks_off_goes_on_behind_what_is_done(enroll, monkeypatch):
    """Three students, one a batch, and a crash in the second: nobody is told twice, and one digest speaks of all."""
    place = await enroll(2, zone="own")
    others = [await enroll(2, zone=place.zone, program_id=place.program_id, partner_id=place.partner_id) for _ in range(2)]
    monkeypatch.setattr(scans, "BATCH", 1)
    database = Database(place.service.database.login_url, "compliance")
    limit = timedelta(hours=6)
    now = datetime.now(UTC)
    try:
        async with database.transaction() as tx:
            scan_id, _ = await scans.start(tx, "weekly", place.zone, sunday(place), now)
            # Not for the service's own worker: this test is the one that works.
            await tx.execute("update scan set running = false where scan_id = :id", {"id": scan_id})

        async def step(breaks=False):
            async with database.transaction() as tx:
                await tx.execute("update scan set running = true where scan_id = :id", {"id": scan_id})
                over = await scans.work_on(tx, scan_id, now, limit)
                if breaks:
                    raise RuntimeError("the machine went away")
                if not over:
                    await tx.execute("update scan set running = false where scan_id = :id", {"id": scan_id})
                return over

        assert not await step()
        with pytest.raises(RuntimeError):
            await step(breaks=True)
        steps = [await step() for _ in range(3)]
    finally:
        await database.close()
    assert steps == [False, False, True]
    [scan] = await place.service.sql("select * from scan where scan_id = $1", scan_id)
    assert (scan["checked"], scan["raised"], scan["upto"]) == (3, 3, None)
    assert [[alert["revision"] for alert in await one.alerts()] for one in (place, *others)] == [[1], [1], [1]]
    [digest] = await place.service.sql("select value from outbox where topic = 'message.requested' and key = $1", str(place.partner_id))
    assert digest["value"].count('"alert_id"') == 3


async def test_what_got_worse_behind_a_scan_that_runs_is_in_its_record_and_its_one_digest(enroll):
    """All in one transaction, which the service's own worker does not see."""
    worse = await enroll(2, zone="own")
    behind = await enroll(2, zone=worse.zone, program_id=worse.program_id, partner_id=worse.partner_id)
    await worse.log(worse.monday(1), 600)
    database = Database(worse.service.database.login_url, "compliance")
    now, limit = datetime.now(UTC), timedelta(hours=6)
    try:
        async with database.transaction() as tx:
            scan_id, _ = await scans.start(tx, "weekly", worse.zone, sunday(worse), now)
            assert not await scans.work_on(tx, scan_id, now, limit)
            gone = "update weekly_total set minutes = 0, entries = 0, last_activity_on = null where enrollment_id = :id"
            await tx.execute(gone, {"id": worse.enrollment_id})
            await rechecks.note(tx, [(worse.enrollment_id, worse.monday(1))])
            assert await rechecks.recheck(tx, now, limit) == 1
            assert await scans.work_on(tx, scan_id, now, limit)
    finally:
        await database.close()
    [scan] = await worse.service.sql("select * from scan where scan_id = $1", scan_id)
    assert (scan["checked"], scan["raised"]) == (2, 2)
    assert [len(await one.alerts()) for one in (worse, behind)] == [1, 1]
    [digest] = await worse.service.sql("select value from outbox where topic = 'message.requested' and key = $1", str(worse.partner_id))
    assert digest["value"].count('"alert_id"') == 2
