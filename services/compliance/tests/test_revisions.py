"""Corrections, verification and rejection: who may, what follows, and what two at once get (SPEC 3.2)."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from contracts.hours import HoursLogged, HoursRejected, HoursVerified
from dev.harness import events_of, eventually


def problem(answer):
    return answer.status_code, answer.json().get("type", "").removeprefix("/problems/")


async def logged(place, minutes=60, **more):
    answer = await place.log(place.monday(1), minutes, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize("who", ["coordinator", "admin"])
async def test_hours_are_verified_told_and_audited(compliance, enroll, kafka, who):
    place = await (await enroll()).coordinated()
    entry = await logged(place, 90)
    answer = await place.revise(who, entry, "verification", '"1"')
    assert answer.status_code == 200, answer.text
    assert {"status": "verified", "minutes": 90, "revision": 2, "reason": None}.items() <= answer.json().items()
    assert answer.headers["etag"] == '"2"'
    assert answer.json()["logged_by"] == str(place.student_id) != answer.json()["recorded_by"]
    [event] = await events_of(kafka, HoursVerified, where=lambda e: e.enrollment_id == place.enrollment_id)
    assert (event.revision, event.minutes, str(event.decided_by)) == (2, 90, answer.json()["recorded_by"])
    was, becomes = {"minutes": 90, "status": "submitted"}, {"minutes": 90, "status": "verified"}
    assert (await compliance.trail(entry["log_id"]))[1:] == [("hours.verify", was, becomes)]
    assert (await place.week(place.monday(1)))["logged_minutes"] == 90


async def test_rejected_hours_count_no_more_and_reopen_the_weeks_alert(enroll, kafka):
    place = await (await enroll(2, zone="own")).coordinated()
    await place.scan("midweek", place.monday(1) + timedelta(days=2))
    entry = await logged(place, 600)
    assert [alert["status"] for alert in await place.alerts()] == ["resolved"]
    answer = await place.revise("coordinator", entry, "rejection", reason="The shop was closed")
    assert {"status": "rejected", "minutes": 600, "reason": "The shop was closed"}.items() <= answer.json().items()
    assert [alert["status"] for alert in await place.alerts()] == ["open"]
    assert (await place.week(place.monday(1)))["logged_minutes"] == 0
    [event] = await events_of(kafka, HoursRejected, where=lambda e: e.enrollment_id == place.enrollment_id)
    assert (event.revision, event.reason) == (2, "The shop was closed")
    assert (await place.log(place.monday(1), 1440)).status_code == 201, "and leave room on their day"
    back = await place.revise("coordinator", entry, "correction", reason="It was open after all")
    assert problem(back) == (409, "day-is-full")


async def test_nobody_decides_on_what_they_submitted_or_corrected_or_on_their_own(enroll):
    place = await (await enroll()).coordinated()
    mine = (await place.log(place.monday(1), 60, who="coordinator", source="coordinator")).json()
    for verdict in ("verification", "rejection"):
        assert problem(await place.revise("coordinator", mine, verdict, reason="x")) == (403, "own-hours")
    theirs = await logged(place)
    assert (await place.revise("coordinator", theirs, "correction", minutes=50, reason="Ten minutes of break")).status_code == 200
    assert problem(await place.revise("coordinator", theirs, "verification")) == (403, "own-hours")
    assert (await place.revise("admin", theirs, "verification")).status_code == 200
    other = await (await enroll(student_id=place.coordinator_id)).coordinated()
    own = (await other.log(other.monday(1), 60, who="partner", source="partner")).json()
    place.clients["itself"] = place.service.client("partner", place.coordinator_id, "site_coordinator")
    await place.send("onboarding", place.assigned(assignment_id=uuid4(), student_id=place.coordinator_id, partner_id=place.coordinator_id))
    await place.arrived()
    assert problem(await place.revise("itself", own, "verification")) == (403, "own-hours")


@pytest.mark.parametrize("who", ["student", "partner"])
async def test_only_coordinators_of_the_student_and_administrators_decide(enroll, who):
    place, other = await enroll(), await (await enroll()).coordinated()
    entry = await logged(place)
    assert problem(await place.revise(who, entry, "verification")) == (403, "role-required")
    assert problem(await other.revise("coordinator", entry, "verification")) == (404, "entry-not-known")
    assert problem(await other.revise("coordinator", entry, "correction", minutes=1, reason="x")) == (404, "entry-not-known")


async def test_what_is_decided_stays_decided_and_names_who(enroll):
    place = await (await enroll()).coordinated()
    entry = await logged(place)
    assert (await place.revise("coordinator", entry, "verification")).status_code == 200
    late = await place.revise("admin", entry, "rejection", reason="No")
    assert problem(late) == (409, "entry-decided")
    assert late.json()["decided_by"] == str(place.coordinator_id)
    assert problem(await place.revise("student", entry, "correction", minutes=70)) == (409, "entry-decided")
    assert problem(await place.revise("student", entry, "void", reason="x")) == (409, "entry-decided")
    assert problem(await place.revise("admin", entry, "correction", minutes=70)) == (422, "reason-needed")
    again = await place.revise("admin", entry, "correction", minutes=70, reason="Read off the sheet")
    assert {"status": "submitted", "minutes": 70, "revision": 3}.items() <= again.json().items(), "to be decided on anew"
    assert (await place.revise("coordinator", entry, "verification")).json()["status"] == "verified"


async def test_milady_hours_are_read_only_and_voided_ones_stay_voided(enroll):
    place = await (await enroll()).coordinated()
    lms, gone = place.lms(place.monday(1), 60), await logged(place)
    await place.send("milady-sync", lms)
    await eventually(lambda: place.service.sql("select 1 from hour_entry where log_id = $1", lms.log_id))
    assert (await place.revise("student", gone, "void", reason="x")).status_code == 200
    for how, body in (("verification", {}), ("rejection", {"reason": "x"}), ("correction", {"minutes": 5, "reason": "x"})):
        assert problem(await place.revise("coordinator", {"log_id": lms.log_id}, how, **body)) == (409, "entry-read-only")
        assert problem(await place.revise("coordinator", gone, how, **body)) == (409, "entry-already-voided")


async def test_an_author_corrects_what_is_submitted_and_both_weeks_follow(compliance, enroll, kafka):
    place = await enroll()
    entry = await logged(place, 90, notes="Fades")
    moved = (place.monday(2) + timedelta(days=1)).isoformat()
    answer = await place.revise("student", entry, "correction", '"1"', minutes=120, work_date=moved, category="theory", notes=None)
    assert answer.status_code == 200, answer.text
    told = {"minutes": 120, "work_date": moved, "category": "theory", "notes": None, "revision": 2, "status": "submitted"}
    assert told.items() <= answer.json().items()
    assert [(await place.week(place.monday(ago)))["logged_minutes"] for ago in (1, 2)] == [0, 120]
    [event] = await events_of(kafka, HoursLogged, where=lambda e: e.enrollment_id == place.enrollment_id and e.revision == 2)
    assert (event.minutes, event.work_date.isoformat(), event.category) == (120, moved, "theory")
    was = {"minutes": 90, "status": "submitted", "work_date": entry["work_date"], "category": "practical"}
    becomes = {"minutes": 120, "status": "submitted", "work_date": moved, "category": "theory"}
    assert (await compliance.trail(entry["log_id"]))[1:] == [("hours.correct", was, becomes)]
    same = await place.revise("student", entry, "correction", minutes=120)
    assert same.json()["revision"] == 2, "the same again changes nothing"


async def test_a_correction_keeps_the_rules_of_the_day_besides_itself(enroll):
    place = await enroll()
    entry = await logged(place, 800)
    await logged(place, 600)
    assert (await place.revise("student", entry, "correction", minutes=840)).status_code == 200
    full = await place.revise("student", entry, "correction", minutes=841)
    assert (problem(full), full.json()["minutes_left"]) == ((409, "day-is-full"), 840)
    before, ahead = (place.started_on - timedelta(days=1)).isoformat(), place.monday(-2).isoformat()
    for body, refusal in (
        ({"minutes": 0}, (422, "hours-not-positive")),
        ({"minutes": 10**30}, (409, "day-is-full")),
        ({"work_date": before}, (409, "before-enrollment")),
        ({"work_date": ahead}, (409, "date-in-future")),
        ({"minutes": None}, (422, "malformed-request")),
    ):
        assert problem(await place.revise("student", entry, "correction", **body)) == refusal, body
    assert problem(await place.revise("partner", entry, "correction", minutes=5)) == (403, "entry-not-yours")


async def test_hours_of_an_ended_enrollment_are_corrected_within_its_days(enroll):
    place = await enroll()
    entry = await logged(place)
    end = place.monday(1) + timedelta(days=1)
    await place.send("onboarding", place.withdrawn(end))
    await eventually(lambda: place.service.sql("select 1 from enrollment where enrollment_id = $1 and revision = 2", place.enrollment_id))
    assert (await place.revise("admin", entry, "correction", work_date=end.isoformat(), reason="x")).status_code == 200
    late = await place.revise("admin", entry, "correction", work_date=(end + timedelta(days=1)).isoformat(), reason="x")
    assert problem(late) == (409, "after-enrollment")


async def test_who_saw_an_older_revision_decides_on_nothing(enroll):
    place = await (await enroll()).coordinated()
    entry = await logged(place, 60)
    assert (await place.revise("student", entry, "correction", '"1"', minutes=480)).status_code == 200
    for who, how, body in (
        ("coordinator", "verification", {}),
        ("coordinator", "rejection", {"reason": "x"}),
        ("student", "correction", {"minutes": 5}),
    ):
        assert problem(await place.revise(who, entry, how, '"1"', **body)) == (412, "entry-changed")
    unseen = await place.as_("coordinator").post(f"/v1/hours/{entry['log_id']}/verification")
    assert problem(unseen) == (422, "malformed-request"), "If-Match is asked for"
    address = f"/v1/hours/{entry['log_id']}"
    assert (await place.as_("coordinator").get(address)).headers["etag"] == '"2"'


@pytest.mark.parametrize(("role", "source"), [("site_coordinator", "coordinator"), ("worksite", "partner"), ("program_holder", "partner")])
async def test_partners_submit_hours_of_the_source_of_their_role(enroll, role, source):
    place = await enroll()
    place.as_("partner", role)
    assert (await place.log(place.monday(1), 60, who="partner", source=source)).json()["source"] == source
    wrong = await place.log(place.monday(1), 60, who="partner", source="partner" if source == "coordinator" else "coordinator")
    assert problem(wrong) == (403, "source-not-allowed")


WAITING = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' offset $1"


async def both_at_once(place, *doing):
    """Lets every request come up to the student's ledger, which is held, and then go on all at once."""
    held = await asyncpg.connect(place.service.database.admin_url)
    try:
        async with held.transaction():
            await held.execute("select from student_ledger where student_id = $1 for update", place.student_id)
            running = [asyncio.ensure_future(each) for each in doing]
            await eventually(lambda: place.service.sql(WAITING, len(doing) - 1))
        return await asyncio.gather(*running)
    finally:
        await held.close()


async def test_of_two_verifiers_at_once_one_wins_and_the_other_is_told_who(compliance, enroll):
    place = await (await enroll()).coordinated()
    entry = await logged(place)
    verify, reject = await both_at_once(
        place,
        place.revise("coordinator", entry, "verification", '"1"'),
        place.revise("admin", entry, "rejection", '"1"', reason="x"),
    )
    won, lost = sorted((verify, reject), key=lambda answer: answer.status_code)
    assert (won.status_code, problem(lost)) == (200, (409, "entry-decided"))
    assert lost.json()["decided_by"] == won.json()["recorded_by"]
    assert len(await compliance.sql("select 1 from hour_entry where log_id = $1", entry["log_id"])) == 2


async def test_of_two_sources_that_fill_a_day_at_the_same_instant_one_is_refused(enroll):
    place = await enroll()
    mine, theirs = await both_at_once(place, place.log(place.monday(1), 800), place.log(place.monday(1), 800, "partner", source="partner"))
    won, lost = sorted((mine, theirs), key=lambda answer: answer.status_code)
    assert (won.status_code, problem(lost), lost.json()["minutes_left"]) == (201, (409, "day-is-full"), 640)
    assert (await place.week(place.monday(1)))["logged_minutes"] == 800


async def test_a_void_and_a_verification_at_once_leave_one_of_both(enroll):
    place = await (await enroll()).coordinated()
    entry = await logged(place)
    void, verify = await both_at_once(
        place, place.revise("student", entry, "void", reason="x"), place.revise("coordinator", entry, "verification", '"1"')
    )
    refused = {(200, 409), (409, 200)}
    assert (void.status_code, verify.status_code) in refused
    kept = (await place.as_("student").get(f"/v1/hours/{entry['log_id']}")).json()
    assert (kept["revision"], kept["status"]) == (2, "voided" if void.status_code == 200 else "verified")
    assert (await place.week(place.monday(1)))["logged_minutes"] == (0 if void.status_code == 200 else 60)
