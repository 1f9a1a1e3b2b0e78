"""What is asked: history from a week on, in bulk, and days of leave that ask for nothing."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from contracts.requirements import RequirementChanged
from dev.harness import events_of, eventually


def path(place):
    return f"/v1/requirements/{place.enrollment_id}"


async def ask(place, who="admin", headers=None, **body):
    return await place.as_(who).put(path(place), json=body, headers=headers or {})


def this_week(place):
    return place.monday(0)


async def test_a_requirement_begins_with_the_programs_and_changes_from_a_week_on(enroll, kafka):
    place = await enroll(2, zone="own", required=600)
    begun = await place.as_("student").get(path(place))
    assert begun.status_code == 200, begun.text
    assert (begun.json()["current"]["required_minutes_per_week"], begun.json()["current"]["set_by"]) == (600, None)
    assert begun.json()["current"]["effective_from"] == place.started_on.isoformat()
    later = this_week(place) + timedelta(days=14)
    changed = await ask(place, required_minutes_per_week=1200, effective_from=later.isoformat())
    assert changed.status_code == 200, changed.text
    assert changed.json()["current"]["required_minutes_per_week"] == 600
    newest, first = changed.json()["history"]
    assert (newest["required_minutes_per_week"], newest["effective_from"], newest["revision"]) == (1200, later.isoformat(), 2)
    assert (first["effective_until"], first["required_minutes_per_week"]) == (later.isoformat(), 600)
    [told] = await events_of(kafka, RequirementChanged, where=lambda e: e.enrollment_id == place.enrollment_id)
    assert (told.revision, told.required_minutes_per_week, told.effective_from, told.class_days) == (2, 1200, later, (1, 2, 3, 4, 5))
    [(action, was, becomes)] = await place.service.trail(place.enrollment_id)
    assert (action, was["required_minutes_per_week"], becomes["required_minutes_per_week"]) == ("requirement.change", 600, 1200)


async def test_what_is_planned_for_later_stays_when_something_changes_before_it(enroll):
    place = await enroll(zone="own")
    week = this_week(place)
    await ask(place, required_minutes_per_week=1200, effective_from=(week + timedelta(days=28)).isoformat())
    await ask(place, required_minutes_per_week=300, effective_from=(week + timedelta(days=7)).isoformat())
    changed = await ask(place, required_minutes_per_week=360, effective_from=(week + timedelta(days=7)).isoformat())
    spans = [(each["required_minutes_per_week"], each["effective_from"], each["effective_until"]) for each in changed.json()["history"]]
    one, four = ((week + timedelta(days=days)).isoformat() for days in (7, 28))
    assert spans == [(360, one, four), (300, one, one), (1200, four, None), (600, place.started_on.isoformat(), one)]


async def test_a_change_holds_from_the_present_week_and_past_weeks_stay(enroll):
    place = await enroll(2, zone="own")
    week = this_week(place)
    before = await place.week(place.monday(1))
    assert (await ask(place, required_minutes_per_week=0)).status_code == 200
    assert (await place.week(week))["status"] == "excused"
    assert await place.week(place.monday(1)) == before


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({"required_minutes_per_week": 60, "weeks": -1}, 409, "week-is-over"),
        ({"required_minutes_per_week": 60, "weeks": 1, "days": 1}, 422, "not-a-monday"),
        ({"weeks": 1}, 422, "malformed-request"),
        ({"required_minutes_per_week": -1}, 422, "malformed-request"),
        ({"inactivity_days_threshold": 0}, 422, "malformed-request"),
        ({"class_days": [8]}, 422, "malformed-request"),
    ],
)
async def test_what_cannot_be_asked(enroll, body, status, problem):
    place = await enroll()
    if "weeks" in body:
        day = this_week(place) + timedelta(days=7 * body.pop("weeks") + body.pop("days", 0))
        body = body | {"effective_from": day.isoformat()}
    answer = await ask(place, **body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}"), answer.text


async def test_who_may_change_what(enroll):
    place, other = await enroll(), await enroll()
    assert (await ask(place, "student", required_minutes_per_week=0)).status_code == 403
    place.as_("partner", "program_holder")
    assert (await ask(place, "partner", required_minutes_per_week=660)).status_code == 200
    place.clients["other"] = other.as_("partner", "program_holder")
    answer = await ask(place, "other", required_minutes_per_week=0)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/enrollment-not-known")


async def test_of_two_who_change_it_the_second_reads_it_again(enroll):
    place = await enroll()
    etag = (await place.as_("admin").get(path(place))).headers["etag"]
    assert (await ask(place, headers={"If-Match": etag}, required_minutes_per_week=660)).status_code == 200
    late = await ask(place, headers={"If-Match": etag}, required_minutes_per_week=720)
    assert (late.status_code, late.json()["type"]) == (412, "/problems/requirement-changed")


async def test_the_same_again_changes_nothing(enroll):
    place = await enroll()
    assert len((await ask(place, required_minutes_per_week=600)).json()["history"]) == 1


async def test_a_program_and_a_cohort_are_changed_at_once(enroll, kafka):
    cohort = uuid4()
    one = await enroll(cohort_id=cohort)
    two = await enroll(program_id=one.program_id, partner_id=one.partner_id, cohort_id=cohort)
    alone = await enroll(program_id=one.program_id)
    admin = one.as_("admin")
    body = {"required_minutes_per_week": 1200, "is_self_paced": True}
    answer = await admin.post("/v1/requirements/bulk", json=body | {"cohort_id": str(cohort)})
    assert (answer.status_code, answer.json()["enrollments"], answer.json()["changed"]) == (200, 2, 2), answer.text
    answer = await admin.post("/v1/requirements/bulk", json=body | {"program_id": str(one.program_id)})
    assert (answer.json()["enrollments"], answer.json()["changed"]) == (3, 1)
    for place in (one, two, alone):
        assert (await admin.get(path(place))).json()["current"]["required_minutes_per_week"] == 1200
        assert len(await events_of(kafka, RequirementChanged, where=lambda e, p=place: e.enrollment_id == p.enrollment_id)) == 1
    one.as_("partner", "program_holder")
    theirs = await one.as_("partner").post("/v1/requirements/bulk", json={"is_self_paced": False, "program_id": str(one.program_id)})
    assert theirs.json()["enrollments"] == 2
    nobody = await admin.post("/v1/requirements/bulk", json=body | {"cohort_id": str(uuid4())})
    assert (nobody.status_code, nobody.json()["type"]) == (404, "/problems/nobody-to-change")
    assert (await admin.post("/v1/requirements/bulk", json=body)).status_code == 422


async def test_a_program_that_comes_after_its_enrollment_begins_the_requirement(enroll):
    place = await enroll(arrive=False)
    await place.send("onboarding", place.created(), place.assigned())
    await place.arrived()
    waiting = await place.as_("student").get(path(place))
    assert (waiting.status_code, waiting.json()["type"]) == (409, "/problems/requirement-not-known")
    await place.send("onboarding", place.program())
    await eventually(lambda: place.service.sql("select 1 from requirement where enrollment_id = $1", place.enrollment_id))
    await place.send("onboarding", place.program(revision=2, required_minutes_per_week=60))
    await place.arrived()
    assert (await place.as_("student").get(path(place))).json()["current"]["required_minutes_per_week"] == 600


async def approve(place, first_on, last_on=None, who="admin", **body):
    told = {"enrollment_id": str(place.enrollment_id), "first_on": first_on.isoformat(), "last_on": last_on and last_on.isoformat()}
    return await place.as_(who).post("/v1/leaves", json=told | body)


async def test_leave_asks_for_less_and_settles_the_alerts_of_its_weeks(enroll):
    """3 of 7 days count: 257 minutes are asked, 300 are there; cancelled, the alert is open again."""
    place = await enroll(2, zone="own")
    monday = place.monday(1)
    await place.log(monday, 300)
    await place.scan("weekly", monday + timedelta(days=6))
    [alert] = await place.alerts()
    assert alert["status"] == "open"
    leave = await approve(place, monday + timedelta(days=3), monday + timedelta(days=8), notes="hand")
    assert leave.status_code == 201, leave.text
    assert (await place.as_("student").get(leave.headers["location"])).json() == leave.json()
    assert (await place.week(monday))["target_minutes"] == 257
    [alert] = await place.alerts()
    assert (alert["status"], alert["resolution"]) == ("resolved", "target-reached")
    shorter = await place.as_("admin").post(f"{leave.headers['location']}/end", json={"last_on": (monday + timedelta(days=3)).isoformat()})
    assert (shorter.json()["last_on"], shorter.json()["revision"]) == ((monday + timedelta(days=3)).isoformat(), 2)
    assert (await place.week(monday))["target_minutes"] == 514
    [alert] = await place.alerts()
    assert (alert["status"], alert["revision"]) == ("open", 3)
    gone = await place.as_("admin").post(f"{leave.headers['location']}/cancellation")
    assert gone.json()["status"] == "cancelled"
    assert (await place.week(monday))["target_minutes"] == 600
    assert [entry[0] for entry in await place.service.trail(leave.json()["id"])] == ["leave.approve", "leave.end", "leave.cancel"]


async def test_a_week_of_leave_is_excused(enroll):
    place = await enroll(2, zone="own")
    monday = place.monday(1)
    assert (await approve(place, monday - timedelta(days=2))).status_code == 201
    week = await place.week(monday)
    assert (week["target_minutes"], week["status"]) == (0, "excused")
    assert (await place.scan("midweek", monday + timedelta(days=2))).json()["raised"] == 0
    assert (await place.scan("weekly", monday + timedelta(days=6))).json()["raised"] == 0


async def test_a_week_of_leave_that_is_cancelled_is_checked_after_all(enroll):
    """Its checks ran and passed it over, so that there is neither an alert nor a total of it."""
    place = await enroll(2, zone="own")
    monday = place.monday(1)
    leave = await approve(place, monday, monday + timedelta(days=6))
    assert (await place.scan("weekly", monday + timedelta(days=6))).json()["raised"] == 0
    await place.as_("admin").post(f"{leave.headers['location']}/cancellation")
    [alert] = await eventually(place.alerts)
    assert (alert["alert_type"], alert["severity"], alert["week_start"]) == ("weekly_hours_check", "high", monday.isoformat())


async def test_leave_that_cannot_be(enroll):
    place = await enroll(2)
    monday = place.monday(1)
    first = (await approve(place, monday, monday + timedelta(days=2))).json()
    for days, problem in (((2, 4), "leave-overlaps"), ((-1, 0), "leave-overlaps"), ((-90, -80), "leave-outside-enrollment")):
        answer = await approve(place, *(monday + timedelta(days=n) for n in days))
        assert (answer.status_code, answer.json()["type"]) == (409, f"/problems/{problem}"), answer.text
    answer = await approve(place, monday, monday - timedelta(days=1))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/leave-ends-too-early")
    assert (await approve(place, monday + timedelta(days=3), who="student")).status_code == 403
    admin = place.as_("admin")
    await admin.post(f"/v1/leaves/{first['id']}/cancellation")
    again = await admin.post(f"/v1/leaves/{first['id']}/end", json={"last_on": monday.isoformat()})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/leave-already-cancelled")
    assert (await approve(place, monday + timedelta(days=2), monday + timedelta(days=4))).status_code == 201
    listed = (await place.as_("student").get("/v1/leaves", params={"enrollment_id": str(place.enrollment_id)})).json()["items"]
    assert [each["status"] for each in listed] == ["approved", "cancelled"]
    stranger = await enroll()
    assert (await stranger.as_("student").get(f"/v1/leaves/{first['id']}")).status_code == 404
    assert datetime.fromisoformat(first["approved_at"]) <= datetime.now(UTC)
