"""Scans over real PostgreSQL and Kafka: what they raise, what resolves it, what partners are told."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from chassis.database import Database
from chassis.schedule import due, run_slot
from compliance.commands import checks, scans, telling
from compliance.jobs import JOBS
from compliance.queries import judging
from compliance.queries.scans import look_on
from contracts.alerts import AlertRaised, AlertResolved
from contracts.messages import MessageRequested
from contracts.milady import SyncFinished
from dev.harness import events_of, eventually


def days(place, weeks_ago=1):
    start = place.monday(weeks_ago)
    return start, start + timedelta(days=2), start + timedelta(days=6)


async def test_the_story_of_one_week(enroll, kafka):
    """5 hours, the Wednesday check, another 5 hours: the alert resolves itself, and Sunday raises nothing (SPEC 3.3)."""
    place = await enroll(zone="own")
    monday, wednesday, sunday = days(place)
    entry = (await place.log(monday, 300)).json()
    scan = await place.scan("midweek", wednesday)
    assert scan.status_code == 201, scan.text
    assert {"checked": 1, "raised": 1, "risen": 0, "superseded": 0}.items() <= scan.json().items()
    [alert] = await place.alerts()
    assert (alert["alert_type"], alert["severity"], alert["status"]) == ("midweek_progress", "low", "open")
    assert alert["message"] == "5.00 of 10.00 hours. Target by Sunday: 10.00 hours."
    told = (await place.as_("student").get(f"/v1/alerts/{alert['id']}")).json()["explanation"]
    assert (told["target_minutes"], told["logged_minutes"], told["idle_days"]) == (600, 300, 2)
    assert [(row["log_id"], row["minutes"], row["source"]) for row in told["counted"]] == [(entry["log_id"], 300, "manual")]

    assert (await place.log(wednesday + timedelta(days=1), 300)).status_code == 201
    [resolved] = await place.alerts()
    assert (resolved["status"], resolved["resolution"], resolved["revision"]) == ("resolved", "target-reached", 2)
    sunday_scan = (await place.scan("weekly", sunday)).json()
    assert (sunday_scan["checked"], sunday_scan["raised"]) == (1, 0)
    [raised] = await events_of(kafka, AlertRaised, where=lambda e: e.enrollment_id == place.enrollment_id)
    [gone] = await events_of(kafka, AlertResolved, where=lambda e: e.enrollment_id == place.enrollment_id)
    assert (raised.revision, gone.revision, gone.alert_id) == (1, 2, raised.alert_id)
    assert gone.explanation == raised.explanation


async def test_a_void_reopens_what_the_hours_resolved(enroll, kafka):
    place = await enroll(zone="own")
    monday, wednesday, _ = days(place)
    await place.log(monday, 300)
    await place.scan("midweek", wednesday)
    more = (await place.log(wednesday, 300)).json()
    assert [alert["status"] for alert in await place.alerts()] == ["resolved"]
    await place.as_("student").post(f"/v1/hours/{more['log_id']}/void", json={"reason": "Mistake"})
    [alert] = await place.alerts()
    assert (alert["status"], alert["revision"], alert["resolution"], alert["resolved_at"]) == ("open", 3, None, None)
    told = {"alert_type": "midweek_progress", "severity": alert["severity"], "status": "open"}
    assert await place.service.trail(alert["id"]) == [
        ("alert.raise", None, told),
        ("alert.resolve", {"status": "open"}, {"status": "resolved", "resolution": "target-reached"}),
        ("alert.reopen", {"status": "resolved"}, told),
    ]
    raised = await events_of(kafka, AlertRaised, where=lambda e: e.enrollment_id == place.enrollment_id, count=2)
    assert [(event.alert_id, event.revision) for event in raised] == [(UUID(alert["id"]), 1), (UUID(alert["id"]), 3)]


async def test_a_student_who_does_nothing(enroll):
    """Sunday raises medium, the next high; the weekly alert supersedes the week's midweek alert."""
    place = await enroll(2, zone="own")
    first, second = days(place, 2), days(place, 1)
    await place.scan("midweek", first[1])
    scan = (await place.scan("weekly", first[2])).json()
    assert (scan["raised"], scan["superseded"]) == (1, 1)
    found = {alert["alert_type"]: alert for alert in await place.alerts()}
    assert (found["midweek_progress"]["status"], found["midweek_progress"]["resolution"]) == ("resolved", "superseded")
    assert (found["weekly_hours_check"]["status"], found["weekly_hours_check"]["severity"]) == ("open", "medium")
    await place.scan("weekly", second[2])
    [latest] = await place.alerts(week_start=second[0].isoformat())
    assert latest["severity"] == "high"
    told = (await place.as_("student").get(f"/v1/alerts/{latest['id']}")).json()["explanation"]
    assert (told["idle_days"], told["last_activity_on"], told["counted"]) == (13, None, [])


async def test_three_missed_weeks_are_critical(enroll):
    place = await enroll(3, zone="own")
    for weeks_ago, severity in ((3, "low"), (2, "low"), (1, "critical")):
        monday, _, sunday = days(place, weeks_ago)
        assert (await place.log(sunday, 60)).status_code == 201
        await place.scan("weekly", sunday)
        [alert] = await place.alerts(week_start=monday.isoformat())
        assert alert["severity"] == severity
        await place.scan("close", sunday + timedelta(days=1))
    listed = await place.alerts(sort="severity")
    assert [alert["severity"] for alert in listed] == ["critical", "low", "low"]
    assert await place.alerts(severity="critical", status="open", alert_type="weekly_hours_check", student_id=str(place.student_id))
    assert await place.alerts(status="resolved") == []


async def test_the_same_slot_again_changes_nothing(enroll):
    place = await enroll(zone="own")
    monday, wednesday, _ = days(place)
    first = await place.scan("midweek", wednesday)
    entry = (await place.log(monday, 60)).json()
    await place.as_("student").post(f"/v1/hours/{entry['log_id']}/void", json={"reason": "test"})
    again = await place.scan("midweek", wednesday)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    [alert] = await place.alerts()
    assert alert["revision"] == 1
    command = place.service.run("scan", "midweek", "--date", wednesday.isoformat(), "--zone", place.zone)
    assert command.returncode == 0, command.stderr
    assert "1 checked, 1 raised" in command.stdout
    assert "ran before" in command.stdout
    assert len(await place.service.sql("select 1 from scan where zone = $1", place.zone)) == 1


async def test_a_run_by_hand_takes_in_who_came_after_the_first(enroll):
    place = await enroll(zone="own")
    _, wednesday, _ = days(place)
    await place.scan("midweek", wednesday)
    late = await enroll(zone=place.zone)
    again = await place.scan("midweek", wednesday)
    assert again.status_code == 201
    assert again.json()["raised"] == 2
    assert [alert["severity"] for alert in await late.alerts()] == ["medium"]
    assert (await place.scan("midweek", wednesday)).status_code == 200


async def test_the_clock_runs_each_zones_slot_once(enroll):
    place = await enroll(zone="own")
    _, wednesday, sunday = days(place)
    database = Database(place.service.database.login_url, "compliance")
    try:
        jobs = {job.name: job for job in JOBS}
        for name, day, kind in (("scan-midweek", wednesday, "midweek_progress"), ("scan-weekly", sunday, "weekly_hours_check")):
            job = jobs[name]
            async with database.transaction() as tx:
                assert place.zone in await job.zones(tx)
            at = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(place.zone)) - timedelta(hours=1)
            [slot] = due(job.name, job.cron, place.zone, at, at + timedelta(days=1))
            assert slot.at.astimezone(ZoneInfo(place.zone)).strftime("%F %T") == f"{day} 19:30:00"
            ran = [await run_slot(database, job, slot) for _ in range(2)]
            assert ran == [True, False]
            await eventually(lambda kind=kind: place.alerts(alert_type=kind))
    finally:
        await database.close()


async def test_hours_dated_after_the_check_do_not_hide_it_but_a_reached_target_does(enroll):
    """A scan run by hand later knows the week's other days: they do not count for Wednesday, yet nobody is accused who made the week."""
    late, made = await enroll(zone="own"), None
    made = await enroll(zone=late.zone)
    monday, wednesday, _ = days(late)
    await late.log(monday, 120)
    await late.log(wednesday + timedelta(days=1), 300)
    await made.log(wednesday + timedelta(days=1), 600)
    await late.scan("midweek", wednesday)
    [alert] = await late.alerts()
    assert (alert["severity"], alert["message"][:4]) == ("low", "2.00")
    told = (await late.as_("student").get(f"/v1/alerts/{alert['id']}")).json()["explanation"]
    assert (told["logged_minutes"], told["idle_days"], len(told["counted"])) == (120, 2, 1)
    assert await made.alerts() == []


async def test_a_partner_gets_one_digest_for_all_students_and_none_for_nothing(enroll, kafka):
    one = await enroll(zone="own")
    two = await enroll(zone=one.zone, partner_id=one.partner_id)
    other = await enroll(zone=one.zone)
    left = await enroll(zone=one.zone, partner_id=one.partner_id)
    await left.send("onboarding", left.unassigned())
    await eventually(lambda: one.service.sql("select 1 from access_grant where grant_id = $1 and not active", left.assignment_id))
    _, wednesday, sunday = days(one)
    assert (await other.log(wednesday, 600)).status_code == 201
    scan = (await one.scan("midweek", wednesday)).json()
    assert (scan["checked"], scan["raised"]) == (4, 3)
    [digest] = await events_of(kafka, MessageRequested, where=lambda e: e.recipient_id == one.partner_id)
    assert (digest.kind, digest.data["scan"], digest.data["date"]) == ("alerts-digest", "midweek", wednesday.isoformat())
    assert {alert["student_id"] for alert in digest.data["alerts"]} == {str(one.student_id), str(two.student_id)}
    assert set(digest.data["alerts"][0]) == {
        "alert_id", "student_id", "enrollment_id", "program_id", "alert_type", "severity", "message",
    }  # fmt: skip
    await one.scan("weekly", sunday)
    await events_of(kafka, MessageRequested, where=lambda e: e.recipient_id == one.partner_id, count=2)
    written = await one.service.sql("select value from outbox where topic = 'message.requested' and key = $1", str(other.partner_id))
    assert written == []


async def test_an_alert_rises_when_a_void_makes_it_worse_and_never_falls(enroll):
    """The check is made again within a second: the same alert, a new revision."""
    place = await enroll(zone="own")
    monday, wednesday, _ = days(place)
    entry = (await place.log(monday, 60)).json()
    await place.scan("midweek", wednesday)
    [low] = await place.alerts()
    await place.as_("student").post(f"/v1/hours/{entry['log_id']}/void", json={"reason": "test"})
    [risen] = await eventually(lambda: place.alerts(severity="medium"))
    assert (risen["id"], risen["revision"], risen["raised_at"]) == (low["id"], 2, low["raised_at"])
    action, was, becomes = (await place.service.trail(risen["id"]))[-1]
    assert (action, was, becomes["severity"]) == ("alert.rise", {"severity": "low"}, "medium")
    await place.log(monday, 60)
    assert (await place.scan("midweek", wednesday)).status_code == 200
    assert [(alert["severity"], alert["revision"]) for alert in await place.alerts()] == [("medium", 2)]


async def test_the_explanation_says_how_fresh_miladys_data_was(enroll):
    place = await enroll(zone="own")
    now = datetime.now(UTC).replace(microsecond=0)

    def sync(minutes_ago, kind, scope_id, failed=()):
        return SyncFinished(
            revision=1, sync_id=uuid4(), scope=f"{kind}:{scope_id}", scope_kind=kind, scope_id=scope_id, enrollments=1, entries_changed=0,
            as_of=now - timedelta(minutes=minutes_ago), failed=failed,
        )  # fmt: skip

    runs = [
        sync(30, "program", place.program_id),
        sync(20, "enrollment", uuid4()),
        sync(10, "all", None, (place.enrollment_id,)),
        sync(40, "enrollment", place.enrollment_id),
    ]
    await place.send("milady-sync", *runs)
    await eventually(lambda: place.service.sql("select 1 from sync_run where sync_id = $1", runs[-1].sync_id))
    await place.scan("midweek", days(place)[1])
    [alert] = await place.alerts()
    told = (await place.as_("student").get(f"/v1/alerts/{alert['id']}")).json()["explanation"]
    assert datetime.fromisoformat(told["data_as_of"]) == now - timedelta(minutes=30)


@pytest.mark.parametrize(
    ("kind", "shift", "zone", "status", "problem"),
    [
        ("midweek", 1, None, 422, "not-a-scan-day"),
        ("weekly", -1, None, 422, "not-a-scan-day"),
        ("midweek", 21, None, 409, "slot-not-due"),
        ("midweek", 0, "Mars/Olympus", 409, "zone-not-known"),
        ("midweek", 999999, None, 422, "malformed-request"),
    ],
)
async def test_slots_that_are_none(enroll, kind, shift, zone, status, problem):
    place = await enroll()
    _, wednesday, sunday = days(place)
    day = (wednesday if kind == "midweek" else sunday) + timedelta(days=shift)
    place.zone = zone or place.zone
    answer = await place.scan(kind, day)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}"), answer.text
    if problem == "not-a-scan-day":
        assert answer.json()["nearest"] == (wednesday if kind == "midweek" else sunday).isoformat()


async def test_who_withdrew_is_not_checked_and_leaves_no_open_alert(enroll):
    place = await enroll(zone="own")
    _, wednesday, sunday = days(place)
    await place.scan("midweek", wednesday)
    await place.send("onboarding", place.withdrawn(wednesday + timedelta(days=1)))

    async def resolved():
        return await place.alerts(status="resolved")

    assert (await eventually(resolved))[0]["resolution"] == "enrollment-ended"
    assert (await place.scan("weekly", sunday)).json()["checked"] == 0


async def test_a_scan_by_hand_of_an_earlier_day_leaves_alone_who_withdrew_since(enroll):
    """Nobody could act on the alert any more, and nothing would ever resolve it."""
    place = await enroll(zone="own")
    _, wednesday, sunday = days(place)
    await place.send("onboarding", place.withdrawn(sunday))
    await eventually(lambda: place.service.sql("select 1 from enrollment where enrollment_id = $1 and revision = 2", place.enrollment_id))
    for kind, day in (("midweek", wednesday), ("weekly", sunday)):
        assert (await place.scan(kind, day)).json()["checked"] == 0
    assert await place.alerts() == []


async def test_scans_are_for_admins_and_listed(enroll):
    place = await enroll(zone="own")
    made = await place.scan("midweek", days(place)[1])
    for who in ("student", "partner"):
        assert (await place.as_(who).get("/v1/scans")).status_code == 403
        assert (await place.as_(who).post("/v1/scans", json={})).status_code == 403
    admin = place.as_("admin")
    assert (await admin.get(made.headers["location"])).json() == made.json()
    assert (await admin.get("/v1/scans", params={"limit": 1})).json()["items"] == [made.json()]
    assert (await admin.get(f"/v1/scans/{uuid4()}")).json()["type"] == "/problems/scan-not-known"


@pytest.mark.parametrize("kind", ["midweek", "weekly", "inactivity"])
async def test_a_check_looks_alerts_up_by_the_enrollment_whatever_was_counted(enroll, kind):
    """A plan that takes a new week's alerts for few goes through all of them for each enrollment, which no small test would feel."""
    place = await enroll(zone="own")
    database = Database(place.service.database.login_url, "compliance")
    try:
        async with database.transaction() as tx:
            await tx.execute(scans.SHORT)
            about = {"scan_id": uuid4(), "fresh_from": datetime.now(UTC), "superseded": "superseded", "now": datetime.now(UTC)}
            read = judging.parameters(kind, days(place)[2], [place.enrollment_id, *(uuid4() for _ in range(2_000))], weekly_ran=False)
            told = telling.who(tx, AlertRaised, AlertResolved)
            plan = [row[0].strip() for row in await tx.all(f"explain {checks.statement(kind, last_day=True)}", read | about | told)]
    finally:
        await database.close()
    looks = [plan[at + 1] for at, line in enumerate(plan) if "Scan" in line and " on alert " in line]
    assert len(looks) >= 2
    # By an index or its bitmap, and first of all by what names an alert or whose it is.
    assert [cond for cond in looks if not re.match(r"(Index|Recheck) Cond: \(+(enrollment_id|alert_id) =", cond)] == []


@pytest.mark.parametrize(("at_most", "n"), [(1, 1), (2, 1), (3, 2), (6, 1), (10, 3), (10, 10)])
async def test_looking_on_passes_everybody_once_and_names_who_is_short(looked_at, at_most, n):
    """Whatever a batch may hold: nobody is passed twice or never, and who is judged is exactly who is short."""
    database, scan, everybody, short = looked_at
    checked, judged = 0, []
    while True:
        async with database.transaction() as tx:
            batch = await look_on(tx, SimpleNamespace(**scan), at_most, n)
        if not batch.checked:
            break
        assert batch.checked <= at_most
        assert len(batch.ids) == len(batch.students) <= n
        checked, judged, scan["upto"] = checked + batch.checked, judged + batch.ids, batch.upto
    assert (checked, sorted(judged)) == (len(everybody), sorted(short))


@pytest.fixture
async def looked_at(enroll):
    """Of seven enrollments every second has what a whole week asks, and one has more hours in the week before."""
    first = await enroll(2, zone="own")
    places = [first, *[await enroll(2, zone=first.zone, program_id=first.program_id, partner_id=first.partner_id) for _ in range(6)]]
    monday, _, sunday = days(first)
    for number, place in enumerate(places):
        assert (await place.log(monday, 600 if number % 2 else 300)).status_code == 201
    assert (await places[0].log(monday - timedelta(days=7), 600)).status_code == 201
    database = Database(first.service.database.login_url, "compliance")
    scan = {"kind": "weekly", "zone": first.zone, "local_date": sunday, "upto": None}
    yield database, scan, places, [place.enrollment_id for place in places[::2]]
    await database.close()
