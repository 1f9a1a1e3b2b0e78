"""Hours over HTTP: what is taken, what is refused and how, and what is told to the others."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from chassis.inbox import Inbox
from contracts.hours import HoursLogged, HoursVoided
from dev.harness import events_of, eventually


async def test_hours_are_taken_told_and_audited(compliance, enroll, kafka):
    place = await enroll()
    answer = await place.log(place.monday(1), 90, notes="Fades", external_key="e-1")
    assert answer.status_code == 201, answer.text
    entry = answer.json()
    assert answer.headers["location"] == f"/v1/hours/{entry['log_id']}"
    assert {"minutes": 90, "hours": "1.50", "status": "submitted", "source": "manual", "revision": 1}.items() <= entry.items()
    assert entry["logged_by"] == entry["student_id"] == str(place.student_id)
    [event] = await events_of(kafka, HoursLogged, where=lambda e: e.enrollment_id == place.enrollment_id)
    assert (str(event.log_id), event.minutes, event.source) == (entry["log_id"], 90, "manual")
    assert (await place.as_("student").get(answer.headers["location"])).json() == entry
    [audited] = await compliance.sql("select * from audit_entry where object_id = $1", entry["log_id"])
    assert (audited["action"], audited["actor"], audited["subject_id"]) == ("hours.submit", str(place.student_id), place.student_id)
    assert (await place.week(place.monday(1)))["logged_hours"] == "1.50"


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({"minutes": 0}, 422, "hours-not-positive"),
        ({"minutes": -5}, 422, "hours-not-positive"),
        ({"minutes": 1441}, 409, "day-is-full"),
        ({"minutes": 10**30}, 409, "day-is-full"),
        ({"minutes": "many"}, 422, "malformed-request"),
        ({"work_date": lambda place: place.monday(-2).isoformat()}, 409, "date-in-future"),
        ({"work_date": lambda place: (place.started_on - timedelta(days=1)).isoformat()}, 409, "before-enrollment"),
        ({"work_date": "0001-01-01"}, 409, "before-enrollment"),
        ({"work_date": "9999-12-31"}, 409, "date-in-future"),
        ({"enrollment_id": str(uuid4())}, 404, "enrollment-not-known"),
        ({"source": "partner"}, 403, "source-not-allowed"),
        ({"source": "lms"}, 422, "malformed-request"),
        ({"notes": "a\x00b"}, 422, "malformed-request"),
    ],
)
async def test_refusals_name_the_rule(enroll, body, status, problem):
    place = await enroll()
    told = {name: value(place) if callable(value) else value for name, value in body.items()}
    answer = await place.log(place.monday(1), **{"minutes": 60} | told)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}"), answer.text
    assert answer.json()["detail"].endswith(".")
    assert (await place.as_("student").get("/v1/hours")).json()["items"] == []


async def test_today_is_the_date_of_the_programs_zone(enroll):
    """Kiritimati is a day ahead of Pago Pago, always: its today is the other's tomorrow."""
    ahead = datetime.now(UTC).astimezone(UTC) + timedelta(hours=14)
    in_front, behind = await enroll(1, zone="Pacific/Kiritimati"), await enroll(1, zone="Pacific/Pago_Pago")
    assert (await in_front.log(ahead.date(), 1)).status_code == 201
    assert (await behind.log(ahead.date(), 1)).json()["type"] == "/problems/date-in-future"


async def test_a_day_is_full_over_all_sources_and_enrollments(enroll):
    place = await enroll()
    other = await enroll(student_id=place.student_id)
    await place.send("milady-sync", place.lms(place.monday(1), 800))
    await eventually(lambda: place.service.sql("select 1 from hour_entry where student_id = $1", place.student_id))
    assert (await place.log(place.monday(1), 600)).status_code == 201
    full = await other.log(place.monday(1), 41)
    assert (full.status_code, full.json()["minutes_left"]) == (409, 40)
    assert (await other.log(place.monday(1), 40)).status_code == 201


async def test_two_at_once_do_not_overfill_a_day(enroll):
    """The second waits for the lock and must not decide on what it read before it waited."""
    place = await enroll()
    other = await enroll(student_id=place.student_id)
    for day in range(5):
        answers = await asyncio.gather(*(each.log(place.monday(1) + timedelta(days=day), 800) for each in (place, other, place, other)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_an_external_key_again_is_the_same_entry(enroll):
    place = await enroll()
    answers = await asyncio.gather(*(place.log(place.monday(1), 60, external_key="k") for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert (await place.week(place.monday(1)))["logged_minutes"] == 60
    assert (await place.log(place.monday(1), 60, external_key="k", source="mobile")).json()["log_id"] != answers[0].json()["log_id"]


async def test_no_hours_for_an_enrollment_that_ended(enroll):
    place = await enroll()
    await place.send("onboarding", place.withdrawn(place.monday(1)))
    await eventually(lambda: place.service.sql("select 1 from enrollment where enrollment_id = $1 and revision = 2", place.enrollment_id))
    assert (await place.log(place.monday(1), 60)).json()["type"] == "/problems/enrollment-not-active"


async def test_no_hours_before_the_program_is_known(enroll):
    place = await enroll(arrive=False)
    await place.send("onboarding", place.created())
    await eventually(lambda: place.service.sql("select 1 from enrollment where enrollment_id = $1", place.enrollment_id))
    assert (await place.log(place.monday(1), 60)).json()["type"] == "/problems/program-not-known"
    await place.send("onboarding", place.program())
    await eventually(lambda: place.service.sql("select 1 from program where program_id = $1", place.program_id))
    assert (await place.log(place.monday(1), 60)).status_code == 201


async def test_a_void_takes_the_hours_back_once(compliance, enroll, kafka):
    place = await enroll()
    entry = (await place.log(place.monday(1), 60)).json()
    address = f"/v1/hours/{entry['log_id']}/void"
    answer = await place.as_("student").post(address, json={"reason": "Entered twice"})
    assert answer.status_code == 200, answer.text
    assert {"revision": 2, "minutes": 0, "hours": "0.00", "status": "voided", "reason": "Entered twice"}.items() <= answer.json().items()
    assert (await place.week(place.monday(1)))["logged_minutes"] == 0
    [event] = await events_of(kafka, HoursVoided, where=lambda e: e.enrollment_id == place.enrollment_id)
    assert (event.revision, event.reason) == (2, "Entered twice")
    again = await place.as_("student").post(address, json={"reason": "Again"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/entry-already-voided")
    was, becomes = {"minutes": 60, "status": "submitted"}, {"minutes": 0, "status": "voided", "reason": "Entered twice"}
    assert (await compliance.trail(entry["log_id"]))[1:] == [("hours.void", was, becomes)]
    assert [each["status"] for each in (await place.as_("student").get("/v1/hours")).json()["items"]] == ["voided"]


async def test_who_may_void_what(enroll):
    place = await enroll()
    theirs = (await place.log(place.monday(1), 60, who="partner", source="partner")).json()
    own = (await place.log(place.monday(1), 60)).json()
    lms = place.lms(place.monday(1), 60)
    await place.send("milady-sync", lms)
    await eventually(lambda: place.service.sql("select 1 from hour_entry where log_id = $1", lms.log_id))

    async def void(who, log_id):
        answer = await place.as_(who).post(f"/v1/hours/{log_id}/void", json={"reason": "test"})
        return answer.status_code, answer.json().get("type", "").removeprefix("/problems/")

    assert await void("student", theirs["log_id"]) == (403, "entry-not-yours")
    assert await void("partner", own["log_id"]) == (403, "entry-not-yours")
    assert await void("student", lms.log_id) == (409, "entry-read-only")
    assert await void("admin", lms.log_id) == (409, "entry-read-only")
    assert await void("student", uuid4()) == (404, "entry-not-known")
    assert await void("admin", own["log_id"]) == (200, "")
    assert await void("partner", theirs["log_id"]) == (200, "")


async def test_lists_go_page_by_page_and_refuse_a_foreign_cursor(enroll):
    place = await enroll()
    for day in range(5):
        assert (await place.log(place.monday(1) + timedelta(days=day), 10 + day)).status_code == 201
    student, seen, cursor = place.as_("student"), [], None
    for _ in range(3):
        params = {"limit": 2, "enrollment_id": str(place.enrollment_id)} | ({"cursor": cursor} if cursor else {})
        answer = (await student.get("/v1/hours", params=params)).json()
        seen += [entry["minutes"] for entry in answer["items"]]
        cursor = answer["next_cursor"]
    assert (seen, cursor) == ([14, 13, 12, 11, 10], None)
    weeks = (await student.get(f"/v1/enrollments/{place.enrollment_id}/weeks", params={"limit": 2})).json()
    more = await student.get(f"/v1/enrollments/{place.enrollment_id}/weeks", params={"limit": 2, "cursor": weeks["next_cursor"]})
    starts = [date.fromisoformat(week["week_start"]) for week in weeks["items"] + more.json()["items"]]
    assert starts == [starts[0] - timedelta(days=7 * n) for n in range(4)]
    for path in ("/v1/hours", "/v1/alerts", f"/v1/enrollments/{place.enrollment_id}/weeks"):
        assert (await student.get(path, params={"cursor": "WyJ4IiwieCJd"})).json()["type"] == "/problems/cursor-not-usable"


def test_the_inbox_takes_what_the_contracts_send_here():
    from compliance.consumers import inbox
    from contracts.event import EVENTS

    assert isinstance(inbox, Inbox)
    wanted = {topic for topic, event in EVENTS.items() if "compliance" in event.consumers}
    assert wanted == set(inbox.topics)
