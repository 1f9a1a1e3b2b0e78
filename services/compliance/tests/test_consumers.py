"""Events of the neighbours, in any order, twice, out of date, or not readable at all."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from chassis.database import Database
from compliance.commands import projections
from contracts.examples import example
from dev.harness import eventually, send


async def minutes_of(place, start):
    rows = await place.service.sql(
        "select minutes from weekly_total where enrollment_id = $1 and week_start = $2", place.enrollment_id, start
    )
    return rows[0]["minutes"] if rows else None


async def test_milady_hours_count_once_and_the_newest_revision_rules(enroll):
    place = await enroll()
    start = place.monday(1)
    log = place.lms(start, 100)
    [copy] = await send(place.kafka, "milady-sync", log)
    await send(place.kafka, "milady-sync", log, message_id=copy)
    newer = log.model_copy(update={"revision": 3, "minutes": 150})
    older = log.model_copy(update={"revision": 2, "minutes": 999})
    await place.send("milady-sync", newer, log, older, place.lms(start, 1))

    async def settled():
        return await minutes_of(place, start) == 151

    await eventually(settled)
    entry = (await place.as_("student").get(f"/v1/hours/{log.log_id}")).json()
    assert (entry["revision"], entry["minutes"], entry["source"], entry["status"]) == (3, 150, "lms", "verified")
    revisions = await place.service.sql("select revision from hour_entry where log_id = $1 order by 1", log.log_id)
    assert [row["revision"] for row in revisions] == [1, 3]


async def test_a_void_that_overtakes_its_entry_wins(enroll):
    place = await enroll()
    log = place.lms(place.monday(1), 100)
    await place.send("milady-sync", place.vanished(log))
    await eventually(lambda: place.service.sql("select 1 from hour_entry where log_id = $1", log.log_id))
    await place.send("milady-sync", log, place.lms(place.monday(1), 7))

    async def settled():
        return await minutes_of(place, place.monday(1)) == 7

    await eventually(settled)
    kept = await place.service.sql("select revision, status from hour_entry where log_id = $1", log.log_id)
    assert [tuple(row) for row in kept] == [(2, "voided")]


async def test_hours_of_an_unknown_enrollment_wait_for_it(enroll):
    place = await enroll(arrive=False)
    start = place.monday(1)
    await place.send("milady-sync", place.lms(start, 60), place.lms(place.started_on - timedelta(days=1), 60))
    await eventually(lambda: place.service.sql("select 1 from hour_entry where enrollment_id = $1 offset 1", place.enrollment_id))
    await place.send("onboarding", place.created(), place.program())

    async def counted():
        return await minutes_of(place, start) == 60

    assert await eventually(counted)
    total = await place.service.sql("select sum(minutes) from weekly_total where enrollment_id = $1", place.enrollment_id)
    assert total[0][0] == 60, "hours of before the enrollment began do not count"


async def test_an_older_state_never_overwrites_a_newer(enroll):
    place = await enroll(arrive=False)
    await place.send("onboarding", place.withdrawn(place.monday(1)), place.program(revision=5, name="New"), place.unassigned())
    await eventually(lambda: place.service.sql("select 1 from enrollment where enrollment_id = $1", place.enrollment_id))
    await eventually(lambda: place.service.sql("select 1 from program where program_id = $1", place.program_id))
    await eventually(lambda: place.service.sql("select 1 from access_grant where grant_id = $1", place.assignment_id))
    other = await enroll(arrive=False)
    await place.send("onboarding", place.created(), place.program(name="Old"), place.assigned())
    await place.send("onboarding", other.created(), other.program(), other.assigned())
    await eventually(lambda: place.service.sql("select 1 from program where program_id = $1", other.program_id))
    await eventually(lambda: place.service.sql("select 1 from access_grant where grant_id = $1", other.assignment_id))
    await eventually(lambda: place.service.sql("select 1 from enrollment where enrollment_id = $1", other.enrollment_id))
    await place.arrived()
    rows = await place.service.sql("select status, name, active from enrollment e join program p using (program_id), access_grant "
                                   "where enrollment_id = $1 and grant_id = $2", place.enrollment_id, place.assignment_id)  # fmt: skip
    assert tuple(rows[0]) == ("withdrawn", "New", False)


async def test_milady_hours_resolve_and_reopen_alerts(enroll):
    place = await enroll(zone="own")
    start = place.monday(1)
    await place.scan("midweek", start + timedelta(days=2))
    log = place.lms(start + timedelta(days=3), 600)
    for event, status in ((log, "resolved"), (place.vanished(log), "open")):
        await place.send("milady-sync", event)

        async def reached(status=status):
            return await place.alerts(status=status)

        assert await eventually(reached)


async def test_hours_published_by_ourselves_are_not_taken_in_again(enroll):
    place = await enroll()
    await place.send("compliance", place.lms(place.monday(1), 60, source="manual"))
    await place.send("milady-sync", place.lms(place.monday(1), 5))

    async def counted():
        return await minutes_of(place, place.monday(1))

    assert await eventually(counted) == 5


async def test_poison_is_set_aside_and_stops_nothing(enroll):
    place = await enroll()
    good = place.lms(place.monday(1), 60)
    async with AIOKafkaProducer(bootstrap_servers=place.kafka) as producer:
        for value, headers in ((b"{", []), (good.to_json(), [("ce_dataschema", b"urn:chairside:event:hours.logged:v99")])):
            await producer.send_and_wait("hours.logged", value, key=str(place.enrollment_id).encode(), headers=headers)
    await place.send("milady-sync", place.lms(place.monday(1), 2**40), good)
    await place.send("onboarding", place.program(program_id=uuid4(), time_zone="Not/AZone"))

    async def counted():
        return await minutes_of(place, place.monday(1)) == 60

    await eventually(counted)

    async def letters():
        listed = place.service.run("dead-letters", "list").stdout
        return listed if listed.count("hours.logged/") >= 3 and "program.published/" in listed else ""

    assert "UnknownVersionError" in await eventually(letters)


async def test_the_committed_examples_are_taken(compliance, kafka):
    for topic in ("enrollment.created", "program.published", "student.assigned", "sync.finished"):
        await send(kafka, "onboarding", example(topic))
    await send(kafka, "milady-sync", example("hours.logged", "lms"), example("hours.logged", "lms", 1))
    created = example("enrollment.created")

    async def counted():
        return await compliance.sql("select 1 from weekly_total where enrollment_id = $1 and minutes = 90", created.enrollment_id)

    assert len(await eventually(counted)) == 1


async def test_totals_equal_the_ledger_whatever_happened(enroll):
    """Hours from both doors and voids, at random: each week's total is the sum of the newest revisions."""
    place, random = await enroll(), Random(7)
    mine, theirs = [], []
    for _ in range(30):
        day = place.monday(3) + timedelta(days=random.randrange(21))
        match random.randrange(5):
            case 0 | 1:
                answer = await place.log(day, random.randrange(1, 120))
                mine += [answer.json()["log_id"]] if answer.status_code == 201 else []
            case 2 if mine:
                log_id = mine.pop(random.randrange(len(mine)))
                await place.as_("student").post(f"/v1/hours/{log_id}/void", json={"reason": "test"})
            case 3 if theirs:
                at = random.randrange(len(theirs))
                theirs[at] = theirs[at].model_copy(update={"revision": theirs[at].revision + 1, "minutes": random.randrange(200)})
                await place.send("milady-sync", theirs[at])
            case _:
                theirs.append(place.lms(day, random.randrange(200)))
                await place.send("milady-sync", theirs[-1])
    newest = {log.log_id: log.revision for log in theirs}

    async def arrived():
        rows = await place.service.sql("select log_id, max(revision) from hour_entry where log_id = any($1) group by 1", list(newest))
        return {row[0]: row[1] for row in rows} == newest

    await eventually(arrived)
    kept = """select week_start, minutes, entries, last_activity_on from weekly_total where enrollment_id = $1 and minutes > 0"""
    added = """select week_start, sum(minutes)::int, count(*)::int, max(work_date) from newest_hours
               where enrollment_id = $1 and minutes > 0 group by 1"""
    assert {tuple(row) for row in await place.service.sql(kept, place.enrollment_id)} == {
        tuple(row) for row in await place.service.sql(added, place.enrollment_id)
    }


async def test_an_enrollment_is_in_the_zone_of_its_program_whichever_came_first(enroll):
    """What a scan walks over: of the program once that is known, of the zone that it moves to, of the program that one changes to."""
    place, other = await enroll(arrive=False, zone="own"), await enroll(zone="own")

    async def zone_is(zone):
        rows = await place.service.sql("select 1 from enrollment where enrollment_id = $1 and time_zone is not distinct from $2",
                                       place.enrollment_id, zone)  # fmt: skip
        return bool(rows)

    await place.send("onboarding", place.created())
    assert await eventually(lambda: zone_is(None))
    await place.send("onboarding", place.program())
    assert await eventually(lambda: zone_is(place.zone))
    await place.send("onboarding", place.program(revision=2, time_zone="America/Phoenix"))
    assert await eventually(lambda: zone_is("America/Phoenix"))
    await place.send("onboarding", place.created(revision=2, program_id=other.program_id))
    assert await eventually(lambda: zone_is(other.zone))
    await place.send("onboarding", place.program(revision=3, name="Moved away", time_zone="America/Denver"))
    await eventually(lambda: place.service.sql("select 1 from program where program_id = $1 and revision = 3", place.program_id))
    assert await zone_is(other.zone)


@pytest.mark.parametrize("first", ["enrollment", "program"])
async def test_a_program_and_its_enrollment_at_the_same_instant_do_not_miss_each_other(enroll, first):
    """The second waits until the first has committed, so that the enrollment has its zone and its requirement whichever came first."""
    place = await enroll(arrive=False, zone="own")
    database, now = Database(place.service.database.login_url, "compliance", pool_size=2), datetime.now(UTC)
    keep = {
        "enrollment": lambda tx: projections.keep_enrollment(tx, place.created(), now),
        "program": lambda tx: projections.keep_program(tx, place.program(), now),
    }
    [second] = keep.keys() - {first}

    async def after():
        async with database.transaction() as tx:
            await keep[second](tx)

    async def waits_or_is_done():
        waiting = "select 1 from pg_locks where locktype = 'advisory' and not granted"
        return task.done() or await place.service.sql(waiting)

    try:
        async with database.transaction() as tx:
            await keep[first](tx)
            task = asyncio.ensure_future(after())
            await eventually(waits_or_is_done)
        await task
    finally:
        await database.close()
    found = """select time_zone, required_minutes_per_week from enrollment left join requirement using (enrollment_id)
     where enrollment_id = $1"""
    rows = await place.service.sql(found, place.enrollment_id)
    assert [tuple(row) for row in rows] == [(place.zone, place.required)]
