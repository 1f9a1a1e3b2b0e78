"""What lies ahead of an enrollment: this week's rest, and the end of the program."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from compliance.domain.forecasts import DAY_MINUTES, Sofar, forecast
from dev.harness import eventually

MONDAY = date(2026, 11, 16)
THURSDAY = MONDAY + timedelta(days=3)


def ahead(**changes):
    told = {"today": THURSDAY, "started_on": date(2026, 1, 5), "ended_on": None, "required": 600, "leave": [], "weeks": {}, "done": 0}
    return forecast(Sofar(**told | {"total": 60_000} | changes))


@pytest.mark.parametrize(
    ("changes", "target", "missing", "days", "a_day", "reachable"),
    [
        ({}, 600, 600, 4, 150, True),
        ({"weeks": {MONDAY: 100}}, 600, 500, 4, 125, True),
        ({"weeks": {MONDAY: 101}}, 600, 499, 4, 125, True),
        ({"weeks": {MONDAY: 600}}, 600, 0, 4, 0, True),
        ({"weeks": {MONDAY: 900}}, 600, 0, 4, 0, True),
        ({"today": MONDAY}, 600, 600, 7, 86, True),
        ({"today": MONDAY + timedelta(days=6)}, 600, 600, 1, 600, True),
        # 24 hours a day, over all enrollments.
        ({"required": 4 * DAY_MINUTES}, 5760, 5760, 4, 1440, True),
        ({"required": 4 * DAY_MINUTES + 1}, 5761, 5761, 4, 1441, False),
        ({"required": 4 * DAY_MINUTES, "student_days": {THURSDAY: 1}}, 5760, 5760, 4, 1440, False),
        # Approved leave takes days away, and what they ask for.
        ({"leave": [(THURSDAY, THURSDAY + timedelta(days=2))]}, 343, 343, 1, 343, True),
        ({"leave": [(THURSDAY, None)]}, 257, 257, 0, None, False),
        ({"leave": [(THURSDAY, None)], "weeks": {MONDAY: 257}}, 257, 0, 0, 0, True),
        ({"ended_on": THURSDAY}, 343, 343, 1, 343, True),
        ({"started_on": MONDAY + timedelta(days=5)}, 171, 171, 2, 86, True),
        # No more than the program's caps.
        ({"daily_cap": 150}, 600, 600, 4, 150, True),
        ({"daily_cap": 149}, 600, 600, 4, 150, False),
        ({"daily_cap": 150, "counted_days": {THURSDAY: 1}}, 600, 600, 4, 150, False),
        ({"weekly_cap": 599}, 600, 600, 4, 150, False),
        ({"weekly_cap": 600, "weeks": {MONDAY: 100}}, 600, 500, 4, 125, True),
    ],
)  # fmt: skip
def test_the_rest_of_the_week(changes, target, missing, days, a_day, reachable):
    told = ahead(**changes)
    assert (told.target, told.missing, told.days_left, told.minutes_a_day, told.reachable) == (target, missing, days, a_day, reachable)


def weeks(*minutes):
    """The weeks before the present one, the last first."""
    return {MONDAY - timedelta(days=7 * n): each for n, each in enumerate(minutes, 1)}


@pytest.mark.parametrize(
    ("changes", "pace", "projected"),
    [
        ({"weeks": weeks(700, 700, 700, 700), "done": 59_000}, 700, THURSDAY + timedelta(days=10)),
        ({"weeks": weeks(700, 700, 700, 700), "done": 59_999}, 700, THURSDAY + timedelta(days=1)),
        ({"weeks": weeks(700, 700, 700, 700, 9999), "done": 59_000}, 700, THURSDAY + timedelta(days=10)),
        ({"weeks": weeks(1400, 0, 1400, 0), "done": 59_000}, 700, THURSDAY + timedelta(days=10)),
        # Leave in the weeks behind does not slow the pace, leave ahead puts the day off.
        ({"weeks": weeks(700), "leave": [(date(2026, 10, 19), date(2026, 11, 8))], "done": 59_000}, 700, THURSDAY + timedelta(days=10)),
        ({"weeks": weeks(700, 700, 700, 700), "done": 59_000, "leave": [(THURSDAY + timedelta(days=2), THURSDAY + timedelta(days=6))]},
         700, THURSDAY + timedelta(days=15)),
        # In a first week it is what there is of it.
        ({"started_on": MONDAY, "weeks": {MONDAY: 400}, "done": 400, "total": 1400}, 700, THURSDAY + timedelta(days=10)),
        ({"done": 60_000}, 0, THURSDAY),
        ({"done": 70_000}, 0, THURSDAY),
        ({}, 0, None),
        ({"weeks": weeks(1), "done": 1}, 0, None),
        ({"weeks": weeks(700), "leave": [(THURSDAY, None)], "done": 59_000}, 175, None),
        ({"total": None, "weeks": weeks(700, 700, 700, 700)}, 700, None),
        ({"started_on": THURSDAY + timedelta(days=9)}, None, None),
    ],
)  # fmt: skip
def test_the_end_at_the_present_pace(changes, pace, projected):
    told = ahead(**changes)
    assert (told.pace, told.projected_on) == (pace, projected)


async def told(place, who="student"):
    return await place.as_(who).get(f"/v1/enrollments/{place.enrollment_id}/forecast")


async def test_a_forecast_over_http(enroll):
    place = await enroll(5, rules={"theory_minutes": 1000, "practical_minutes": 2000})
    for week in (1, 2, 3, 4):
        assert (await place.log(place.monday(week), 350)).status_code == 201
    shown = (await told(place)).json()
    [row] = await place.service.sql("select (now() at time zone $1)::date as today", place.zone)
    assert {
        "student_id": str(place.student_id), "today": row["today"].isoformat(), "required_minutes": 600, "target_hours": "10.00",
        "done_minutes": 1400, "total_minutes": 3000, "remaining_minutes": 1600, "remaining_hours": "26.67",
        "days_left": 7 - row["today"].weekday(),
    }.items() <= shown.items()  # fmt: skip
    assert date.fromisoformat(shown["projected_completion_on"]) > row["today"]
    assert (await told(place, "partner")).json() == shown
    [seen] = (await place.as_("student").get("/v1/disclosures")).json()["items"]
    assert seen["operation"] == "getForecast"


async def test_hours_of_other_enrollments_fill_the_day(enroll):
    place = await enroll(required=7 * DAY_MINUTES)
    other = await enroll(student_id=place.student_id, required=10)
    [row] = await place.service.sql("select (now() at time zone $1)::date as today", place.zone)
    day = row["today"]
    left = 7 - day.weekday()
    change = {"required_minutes_per_week": left * DAY_MINUTES}
    assert (await place.as_("admin").put(f"/v1/requirements/{place.enrollment_id}", json=change)).status_code == 200
    assert (await told(place)).json()["reachable"] is True
    assert (await other.log(day, 1)).status_code == 201
    assert (await told(place)).json()["reachable"] is False


async def test_nothing_lies_ahead_of_who_is_not_there(enroll):
    place, stranger = await enroll(), await enroll()
    refused = await place.as_("student").get(f"/v1/enrollments/{uuid4()}/forecast")
    assert (refused.status_code, refused.json()["type"]) == (404, "/problems/enrollment-not-known")
    assert (await stranger.as_("partner").get(f"/v1/enrollments/{place.enrollment_id}/forecast")).status_code == 404
    await place.send("onboarding", place.withdrawn(place.monday(1)))
    await eventually(lambda: place.service.sql("select 1 from enrollment where enrollment_id = $1 and revision = 2", place.enrollment_id))
    refused = await told(place)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/enrollment-not-active")
