"""A sync: what Milady holds becomes ledger events, and nothing else does (SPEC 3.4)."""

import signal
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID, uuid4

import time_machine
from chassis.database import Database
from chassis.schedule import Slot, due, run_slot
from contracts.hours import HoursLogged, HoursVoided
from contracts.milady import CourseProgressed, SyncFinished, SyncRequested
from dev.harness import events_of, eventually, send
from milady_sync import work
from milady_sync.client import connect
from milady_sync.commands import readings
from milady_sync.jobs import JOBS
from milady_sync.settings import MiladySettings

WELLBEING, DAY = "rise-wellbeing-safety", date(2026, 11, 13)


async def outbox(service, *whose) -> list[tuple[str, str]]:
    """Everything ever published about these keys, in order: (topic, value)."""
    rows = await service.sql("select topic, value from outbox where key = any($1::text[]) order by id", [str(key) for key in whose])
    return [tuple(row) for row in rows]


async def place_of(service, who) -> str:
    rows = await service.sql(
        "select milady_enrollment_id from milady_course where enrollment_id = $1 and course_code = $2", who.enrollment_id, WELLBEING
    )
    return rows[0][0]


async def test_study_becomes_hours(service, kafka, apprentice, study, sync):
    await study(apprentice, "1.51", DAY, progress="45")
    run = await sync(apprentice)
    assert (run["done"], run["failed"], run["total"], run["entries_changed"]) == (1, 0, 1, 1)
    hours = (await events_of(kafka, HoursLogged, where=apprentice.mine))[0]
    assert (hours.minutes, hours.work_date, hours.source, hours.status, hours.category, hours.revision, hours.logged_by) == (
        91, DAY, "lms", "verified", "theory", 1, None,
    )  # fmt: skip
    assert hours.external_key == f"{await place_of(service, apprentice)}/2026-11-13/ws-1/video"
    told = await events_of(kafka, CourseProgressed, where=apprentice.mine, count=2)
    assert {each.course_code: (each.percent, each.minutes_spent, each.minutes_required) for each in told} == {
        WELLBEING: (Decimal(45), 91, 210),
        "rise-finance-fundamentals": (Decimal(0), 0, 240),
    }
    finished = (await events_of(kafka, SyncFinished, where=lambda e: str(e.sync_id) == run["id"]))[0]
    assert (finished.scope, finished.enrollments, finished.failed) == (f"enrollment:{apprentice.enrollment_id}", 1, ())


async def test_only_what_changed_is_told(service, kafka, apprentice, study, sync, control):
    gone = await study(apprentice, "0.50", DAY, activity="reading")
    longer = await study(apprentice, "1.00", DAY)
    await sync(apprentice)
    before = await outbox(service, apprentice.enrollment_id)
    assert (await sync(apprentice))["entries_changed"] == 0
    for dialect in ("b", "a"):
        await control.put("/dialect", json={"dialect": dialect})
        await sync(apprentice)
    assert [topic for topic, _ in await outbox(service, apprentice.enrollment_id)][len(before) :] == ["sync.requested"] * 3

    await control.post("/restatements", json={"entry_id": longer["entry_id"], "hours": "2.00"})
    await control.post("/restatements", json={"entry_id": gone["entry_id"], "remove": True})
    assert (await sync(apprentice))["entries_changed"] == 2
    logged = await events_of(kafka, HoursLogged, where=apprentice.mine, count=3)
    voided = (await events_of(kafka, HoursVoided, where=apprentice.mine))[0]
    by_log = {(each.log_id, each.revision): each.minutes for each in logged}
    first = next(log_id for (log_id, _), minutes in by_log.items() if minutes == 60)
    assert by_log[first, 2] == 120
    assert (voided.revision, by_log[voided.log_id, 1]) == (2, 30)

    await study(apprentice, "0.25", DAY, activity="reading", lesson=gone["lesson"])
    await sync(apprentice)
    back = (await events_of(kafka, HoursLogged, where=lambda e: e.log_id == voided.log_id and e.revision == 3))[0]
    assert back.minutes == 15


async def test_a_failing_student_is_named_and_stops_nobody(service, kafka, newcomer, provisioned, study, sync, control):
    unlucky = await provisioned(newcomer())
    lucky = await provisioned(newcomer(program_id=unlucky.program_id, partner_id=unlucky.partner_id))
    await study(lucky, "1.00", DAY)
    path = f"*{await place_of(service, unlucky)}*"
    await control.put("/faults", json={"next": [{"kind": "malformed", "count": 100, "path": path}]})
    run = await sync(unlucky, scope="program")
    assert (run["done"], run["failed"], run["total"]) == (2, 1, 2)
    assert [each["enrollment_id"] for each in run["failures"]] == [str(unlucky.enrollment_id)]
    await events_of(kafka, HoursLogged, where=lucky.mine)
    finished = [value for topic, value in await outbox(service, f"program:{unlucky.program_id}") if topic == "sync.finished"]
    assert [SyncFinished.model_validate_json(value).failed for value in finished] == [(unlucky.enrollment_id,)]
    await control.delete("/faults")
    assert (await sync(unlucky, scope="program"))["failed"] == 0


async def test_who_was_not_read_is_not_called_fresh(service, kafka, newcomer, provisioned, admin, control):
    early = await provisioned(newcomer())
    path = f"*{await place_of(service, early)}*"
    await control.put("/faults", json={"next": [{"kind": "late", "seconds": 0.9, "count": 9, "path": path}]})
    run = (await admin.post("/v1/syncs", json={"scope": "program", "id": str(early.program_id)})).json()
    late = newcomer(program_id=early.program_id)
    whose = (late.enrollment_id, late.student_id)
    await service.sql("insert into enrollment values ($1, $2, $3, '2026-11-09', 'active', 1)", *whose, late.program_id)
    await service.sql("insert into provisioning (enrollment_id, student_id, state) values ($1, $2, 'provisioned')", *whose)
    finished = (await events_of(kafka, SyncFinished, where=lambda e: str(e.sync_id) == run["id"], within=40))[0]
    assert (finished.enrollments, finished.failed) == (1, (late.enrollment_id,))


async def test_a_killed_worker_loses_and_repeats_nothing(service, apprentice, study, admin, control):
    await study(apprentice, "1.00", DAY)
    path = f"*{await place_of(service, apprentice)}*"
    await control.put("/faults", json={"next": [{"kind": "late", "seconds": 30, "count": 9, "path": path}]})
    started = (await admin.post("/v1/syncs", json={"scope": "enrollment", "id": str(apprentice.enrollment_id)})).json()

    async def asked():
        requests = (await control.get("/requests", params={"limit": 20})).json()["requests"]
        return [each for each in requests if path.strip("*") in each["path"]]

    await eventually(asked)
    service.kill(signal.SIGKILL)
    await control.delete("/faults")
    await service.start()
    await eventually(lambda: service.sql("select true from sync where sync_id::text = $1 and state = 'finished'", started["id"]), within=40)
    topics = [topic for topic, _ in await outbox(service, apprentice.enrollment_id, f"enrollment:{apprentice.enrollment_id}")]
    assert (topics.count("hours.logged"), topics.count("sync.finished")) == (1, 1)


async def test_a_work_item_that_comes_twice_counts_once(service, kafka, apprentice, sync):
    run = await sync(apprentice)
    again = uuid4()
    item = SyncRequested(revision=1, sync_id=UUID(run["id"]), enrollment_id=apprentice.enrollment_id)
    await send(kafka, "milady-sync", item, message_id=again)
    await eventually(lambda: service.sql("select true from inbox where message_id = $1", again))
    counted = await service.sql("select done, total from sync where sync_id::text = $1", run["id"])
    assert tuple(counted[0]) == (1, 1)
    assert [topic for topic, _ in await outbox(service, f"enrollment:{apprentice.enrollment_id}")] == ["sync.finished"]


async def test_a_worker_whose_clock_is_ahead_outdates_no_later_reading(service, apprentice, study, sync, monkeypatch):
    for name, value in service.env.items():
        monkeypatch.setenv(name, value)
    database = Database(service.database.login_url, "milady-sync")
    asked = SyncRequested(revision=1, sync_id=uuid4(), enrollment_id=apprentice.enrollment_id)
    try:
        async with connect(MiladySettings()) as milady:
            with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
                reading = await work.read(SimpleNamespace(database=database, resources=milady), asked)
        async with database.transaction() as tx:
            await readings.store(tx, apprentice.enrollment_id, reading)
    finally:
        await database.close()
    await study(apprentice, "1.00", DAY)
    assert (await sync(apprentice))["entries_changed"] == 1


async def test_a_withdrawn_student_is_synced_no_more(service, kafka, apprentice, admin, study):
    await study(apprentice, "1.00", DAY)
    await send(kafka, "onboarding", apprentice.withdrawal(revision=2))
    query = "select true from enrollment where enrollment_id = $1 and status = 'withdrawn'"
    await eventually(lambda: service.sql(query, apprentice.enrollment_id))
    answer = await admin.post("/v1/syncs", json={"scope": "enrollment", "id": str(apprentice.enrollment_id)})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/enrollment-ended")
    answer = await admin.post("/v1/syncs", json={"scope": "program", "id": str(apprentice.program_id)})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/nothing-to-sync")


async def test_one_trace_reaches_milady(service, apprentice, sync, control):
    place = await place_of(service, apprentice)
    run = await sync(apprentice)
    requests = (await control.get("/requests", params={"limit": 100})).json()["requests"]
    traced = {each["traceparent"].split("-")[1] for each in requests if place in each["path"]}
    entry = await eventually(lambda: service.sql("select trace_id from audit_entry where object_id = $1", run["id"]))
    assert traced == {entry[0]["trace_id"]}


async def test_a_slot_syncs_each_program_of_its_zone_once(service, kafka, apprentice):
    await send(kafka, "onboarding", apprentice.program(revision=2, time_zone="Pacific/Auckland"))
    query = "select true from program where program_id = $1 and revision = 2"
    await eventually(lambda: service.sql(query, apprentice.program_id))
    database = Database(service.database.login_url, "milady-sync")
    slot = Slot(JOBS[0].name, "Pacific/Auckland", datetime(2026, 11, 12, 14, 30, tzinfo=UTC))
    try:
        assert [await run_slot(database, JOBS[0], slot) for _ in range(2)] == [True, False]
        async with database.transaction() as tx:
            assert "Pacific/Auckland" in await JOBS[0].zones(tx)
    finally:
        await database.close()
    runs = await service.sql("select total from sync where scope_id = $1", apprentice.program_id)
    assert [run["total"] for run in runs] == [1]


def test_the_nightly_sync_comes_every_night_also_when_the_clocks_change():
    for name, cron, nights in (("sync-nightly", "30 3 * * *", ("2026-03-08T07:30", "2026-11-01T08:30")),):
        for night in nights:
            at = datetime.fromisoformat(night + "+00:00")
            slots = list(due(name, cron, "America/New_York", at.replace(hour=0), at.replace(hour=23)))
            assert [slot.at for slot in slots] == [at]
    assert [job.cron for job in JOBS] == ["30 3 * * *", "30 18 * * *"]
