"""What becomes of alerts: inactivity, by hand, raised late, escalated, held for Milady's data (SPEC 3.3)."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from chassis.database import Database
from compliance.commands import digests, rechecks
from contracts.alerts import AlertResolved
from contracts.messages import MessageRequested
from contracts.milady import SyncFinished
from dev.harness import events_of, eventually

WEEK = timedelta(days=7)


async def resolve(place, alert, who="admin", note="Called: back on Monday"):
    return await place.as_(who).post(f"/v1/alerts/{alert['id']}/resolution", json={"note": note})


async def test_silence_is_one_alert_that_rises_whatever_the_week_and_any_activity_resolves_it(enroll):
    place = await enroll(3, zone="own")
    began = place.started_on
    assert (await place.scan("inactivity", began + timedelta(days=6))).json()["raised"] == 0
    assert (await place.scan("inactivity", began + timedelta(days=7))).json()["counts"] == {"high": 1}
    assert (await place.scan("inactivity", began + timedelta(days=13))).json()["risen"] == 0
    assert (await place.scan("inactivity", began + timedelta(days=14))).json()["counts"] == {"critical": 1}
    [alert] = await place.alerts()
    assert (alert["alert_type"], alert["severity"], alert["revision"]) == ("inactivity_check", "critical", 2)
    assert alert["week_start"] == (began + WEEK).isoformat()
    entry = (await place.log(began + timedelta(days=15), 5)).json()
    [alert] = await place.alerts()
    assert (alert["status"], alert["resolution"]) == ("resolved", "activity")
    await place.as_("student").post(f"/v1/hours/{entry['log_id']}/void", json={"reason": "test"})
    [alert] = await place.alerts()
    assert (alert["status"], alert["revision"]) == ("open", 4)


async def test_a_new_silence_is_a_new_alert(enroll):
    place = await enroll(4, zone="own")
    await place.scan("inactivity", place.started_on + timedelta(days=7))
    await place.log(place.started_on + timedelta(days=8), 60)
    await place.scan("inactivity", place.started_on + timedelta(days=15))
    assert [alert["status"] for alert in await place.alerts()] == ["open", "resolved"]


async def test_nobody_is_silent_on_leave_or_who_was_active_since(enroll):
    away, active = await enroll(3, zone="own"), None
    active = await enroll(3, zone=away.zone)
    day = away.started_on + timedelta(days=10)
    body = {"enrollment_id": str(away.enrollment_id), "first_on": day.isoformat(), "last_on": day.isoformat()}
    await away.as_("admin").post("/v1/leaves", json=body)
    await active.log(day + timedelta(days=1), 60)
    scan = (await away.scan("inactivity", day)).json()
    assert (scan["checked"], scan["raised"]) == (2, 0)
    assert (await away.scan("inactivity", day + timedelta(days=1))).json()["raised"] == 1
    assert [alert["severity"] for alert in await away.alerts()] == ["high"]


async def test_leave_that_is_told_later_excuses_silence_and_cancelled_it_does_not(enroll):
    place = await enroll(3, zone="own")
    await place.scan("inactivity", place.started_on + timedelta(days=8))
    days = {"first_on": (place.started_on + timedelta(days=1)).isoformat(), "last_on": (place.started_on + timedelta(days=3)).isoformat()}
    leave = await place.as_("admin").post("/v1/leaves", json={"enrollment_id": str(place.enrollment_id)} | days)
    [alert] = await place.alerts()
    assert (alert["status"], alert["resolution"]) == ("resolved", "excused")
    await place.as_("admin").post(f"{leave.headers['location']}/cancellation")
    assert [alert["status"] for alert in await place.alerts()] == ["open"]


async def test_silence_that_rose_is_settled_by_what_was_asked_when_it_rose(enroll):
    """Raised at 6 days of 6, risen at 8 in a week that asks for 4: without the 3 of leave there are 5, and 4 are enough."""
    place = await enroll(4, zone="own", threshold=6)
    before, week = place.monday(2), place.monday(1)
    await place.log(before, 60)
    await place.as_("admin").put(f"/v1/requirements/{place.enrollment_id}", json={"inactivity_days_threshold": 4})
    await place.service.sql(
        "update requirement set effective_until = $1 where enrollment_id = $2 and revision = 1", week, place.enrollment_id
    )
    await place.service.sql(
        "update requirement set effective_from = $1 where enrollment_id = $2 and revision = 2", week, place.enrollment_id
    )
    assert (await place.scan("inactivity", before + timedelta(days=6))).json()["counts"] == {"high": 1}
    assert (await place.scan("inactivity", week + timedelta(days=1))).json()["counts"] == {"critical": 1}
    days = {"first_on": (before + timedelta(days=2)).isoformat(), "last_on": (before + timedelta(days=4)).isoformat()}
    assert (await place.as_("admin").post("/v1/leaves", json={"enrollment_id": str(place.enrollment_id)} | days)).status_code == 201
    [alert] = await place.alerts()
    assert (alert["status"], alert["severity"], alert["revision"]) == ("open", "critical", 2)


async def test_an_alert_is_resolved_by_hand_with_a_note_and_stays_so(enroll, kafka):
    place = await enroll(2, zone="own")
    monday = place.monday(1)
    await place.scan("weekly", monday + timedelta(days=6))
    [alert] = await place.alerts()
    for who, status in (("student", 403), ("coordinator", 404)):
        assert (await resolve(place, alert, who)).status_code == status
    await place.coordinated()
    done = await resolve(place, alert, "coordinator")
    assert done.status_code == 200, done.text
    told = done.json()
    assert (told["status"], told["resolution"], told["note"]) == ("resolved", "by-hand", "Called: back on Monday")
    assert told["resolved_by"] == str(place.coordinator_id)
    again = await resolve(place, alert)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/alert-already-resolved")
    entry = (await place.log(monday, 600)).json()
    await place.as_("student").post(f"/v1/hours/{entry['log_id']}/void", json={"reason": "test"})
    await place.scan("weekly", monday + timedelta(days=6))
    assert [(each["status"], each["revision"]) for each in await place.alerts()] == [("resolved", 2)]
    [event] = await events_of(kafka, AlertResolved, where=lambda e: e.enrollment_id == place.enrollment_id)
    assert (event.resolution, event.resolved_by) == ("by-hand", place.coordinator_id)
    assert "Called" not in event.model_dump_json()


async def test_what_a_persons_hours_settle_is_noted_with_the_request_that_did_it(enroll):
    """The week's close is told anew and the alert resolved in the transaction of the hours, so they came from where those came from."""
    place = await enroll(2, zone="own")
    monday = place.monday(1)
    await place.scan("weekly", monday + timedelta(days=6))
    await place.scan("close", monday + WEEK)
    entry = (await place.log(monday, 600)).json()
    await place.as_("student").post(f"/v1/hours/{entry['log_id']}/void", json={"reason": "test"})
    trail = (await place.as_("admin").get("/v1/audit", params={"subject_id": str(place.student_id)})).json()["items"]
    by_request = defaultdict(set)
    for each in trail:
        if each["actor_kind"] == "student":
            by_request[each["request_id"]].add(each["action"])
            assert each["ip"], each
    submitted, voided = {"hours.submit", "alert.resolve", "week.restate"}, {"hours.void", "alert.reopen", "week.restate"}
    assert sorted(map(sorted, by_request.values())) == sorted(map(sorted, (submitted, voided)))


async def test_silence_that_was_resolved_by_hand_is_spoken_of_again_when_it_gets_worse(enroll):
    place = await enroll(3, zone="own")
    await place.scan("inactivity", place.started_on + timedelta(days=7))
    [alert] = await place.alerts()
    await resolve(place, alert)
    assert (await place.scan("inactivity", place.started_on + timedelta(days=8))).json()["raised"] == 0
    assert (await place.scan("inactivity", place.started_on + timedelta(days=14))).json()["counts"] == {"critical": 1}


async def test_a_void_after_the_check_raises_what_it_would_have_raised(enroll):
    """On Sunday all was well; on the void the check is made again, as of that Sunday."""
    place = await enroll(2, zone="own")
    monday = place.monday(1)
    entry = (await place.log(monday, 600)).json()
    scan = await place.scan("weekly", monday + timedelta(days=6))
    assert scan.json()["raised"] == 0
    await place.as_("student").post(f"/v1/hours/{entry['log_id']}/void", json={"reason": "test"})
    [alert] = await eventually(place.alerts)
    assert (alert["alert_type"], alert["severity"]) == ("weekly_hours_check", "high")
    again = (await place.as_("admin").get(scan.headers["location"])).json()
    assert (again["raised"], again["counts"]) == (1, {"high": 1})
    assert await place.service.sql("select 1 from recheck") == []


async def test_a_midweek_check_by_hand_after_the_weekly_one_finds_nothing_more(enroll):
    place = await enroll(2, zone="own")
    monday = place.monday(1)
    await place.scan("weekly", monday + timedelta(days=6))
    scan = (await place.scan("midweek", monday + timedelta(days=2))).json()
    assert (scan["checked"], scan["raised"]) == (1, 0)
    assert [alert["alert_type"] for alert in await place.alerts()] == ["weekly_hours_check"]


async def test_what_is_critical_or_open_for_long_goes_to_the_program_holder_and_the_inbox(enroll, kafka):
    place = await enroll(4, zone="own")
    holder, monday = uuid4(), place.monday(1)
    slow = await enroll(1, zone=place.zone, program_id=place.program_id)
    await place.send("onboarding", place.program(revision=2, partner_id=holder))
    await eventually(lambda: place.service.sql("select 1 from program where partner_id = $1", holder))
    await place.scan("weekly", monday + timedelta(days=6))
    [critical], [medium] = await place.alerts(), await slow.alerts()
    assert (critical["severity"], medium["severity"]) == ("critical", "medium")
    assert critical["escalated_at"]
    assert medium["escalated_at"] is None
    [word] = await events_of(kafka, MessageRequested, where=lambda e: e.recipient_id == holder and e.kind == "alerts-escalated")
    assert [alert["alert_id"] for alert in word.data["alerts"]] == [critical["id"]]
    inbox = (await place.as_("admin").get("/v1/alerts", params={"escalated": True, "program_id": str(place.program_id)})).json()["items"]
    assert critical["id"] in [alert["id"] for alert in inbox]
    assert medium["id"] not in [alert["id"] for alert in inbox]
    database = Database(place.service.database.login_url, "compliance")
    try:
        for days, escalated in ((7, 0), (6, 1), (6, 0)):
            async with database.transaction() as tx:
                now = datetime.fromisoformat(medium["raised_at"]) + timedelta(days=6, seconds=1)
                assert await digests.escalate_aged(tx, place.zone, now, days) == escalated
    finally:
        await database.close()
    [aged] = await slow.alerts()
    assert (aged["revision"], bool(aged["escalated_at"])) == (2, True)
    words = await events_of(kafka, MessageRequested, where=lambda e: e.recipient_id == holder and e.kind == "alerts-escalated", count=2)
    assert [alert["alert_id"] for alert in words[1].data["alerts"]] == [medium["id"]]


def sync(place, as_of, failed=()):
    return SyncFinished(
        revision=1, sync_id=uuid4(), scope=f"program:{place.program_id}", scope_kind="program", scope_id=place.program_id, enrollments=1,
        entries_changed=0, as_of=as_of, failed=failed,
    )  # fmt: skip


async def hear(place, *events):
    """Sends what Milady's sync tells, and waits until it has arrived."""
    messages = await place.send("milady-sync", *events)
    for message in messages:
        await eventually(lambda message=message: place.service.sql("select 1 from inbox where message_id = $1", message))


@pytest.mark.parametrize("hours_come", [True, False])
async def test_who_depends_on_milady_is_not_accused_on_old_data(enroll, hours_come):
    """Held at the scan; judged as of it once a newer sync is there, with what came by then."""
    place = await enroll(2, zone="own")
    other = await enroll(2, zone=place.zone)
    monday = place.monday(1)
    sunday = monday + timedelta(days=6)
    # Another test told of a sync of everyone.
    await place.service.sql("delete from sync_run where scope_kind = 'all'")
    await hear(place, place.lms(monday, 60), sync(place, datetime(monday.year, monday.month, monday.day, tzinfo=UTC)))
    scan = await place.scan("weekly", sunday)
    assert (scan.json()["checked"], scan.json()["raised"], scan.json()["held"]) == (2, 1, 1)
    assert await place.alerts() == []
    assert len(await other.alerts()) == 1
    await hear(place, *([place.lms(sunday, 540)] if hours_come else []), sync(place, datetime.now(UTC)))
    database = Database(place.service.database.login_url, "compliance")
    try:
        for later, released in ((timedelta(), 0), (timedelta(minutes=2), 1), (timedelta(minutes=2), 0)):
            async with database.transaction() as tx:
                assert await rechecks.release(tx, datetime.now(UTC) + later, timedelta(hours=6)) == released
    finally:
        await database.close()
    after = (await place.as_("admin").get(scan.headers["location"])).json()
    assert (after["held"], after["raised"]) == (0, 1 if hours_come else 2)
    assert [alert["severity"] for alert in await place.alerts()] == ([] if hours_come else ["low"])
