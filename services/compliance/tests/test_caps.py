"""Caps, double credit, and what counts before it is verified: kept and flagged, never dropped (SPEC 3.2, 3.3; decision 15)."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from dev.harness import eventually

OVER, TWICE = "over_cap", "possible_double_credit"


async def entries(place, who="student", **params):
    answer = await place.as_(who).get("/v1/hours", params={"enrollment_id": str(place.enrollment_id)} | params)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def counted(place):
    """Day of the week and minutes that count of each entry, in the order in which they take a cap."""
    found = sorted(await entries(place), key=lambda entry: (entry["work_date"], entry["log_id"]))
    return [entry["counted_minutes"] for entry in found]


async def logged(place, day, minutes, who="student", **more):
    answer = await place.log(place.monday(1) + timedelta(days=day), minutes, who, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def total(place):
    return (await place.week(place.monday(1)))["logged_minutes"]


async def test_minutes_past_a_days_cap_are_kept_flagged_and_not_counted(enroll):
    place = await enroll(rules={"daily_cap_minutes": 480})
    assert (await logged(place, 0, 300))["flags"] == []
    second = await logged(place, 0, 300)
    assert {
        "minutes": 300,
        "counted_minutes": 180,
        "counted_hours": "3.00",
        "over_cap_minutes": 120,
        "flags": [OVER],
    }.items() <= second.items()
    assert (await logged(place, 0, 60))["counted_minutes"] == 0
    assert (await logged(place, 1, 480))["counted_minutes"] == 480, "each day has its own cap"
    assert await total(place) == 960
    assert [entry["minutes"] for entry in await entries(place, flag=OVER)] == [60, 300]


async def test_a_weeks_cap_is_taken_in_the_order_of_work_dates_whenever_they_were_logged(enroll):
    place = await enroll(rules={"weekly_cap_minutes": 600})
    await logged(place, 4, 400)
    await logged(place, 5, 400)
    assert await counted(place) == [400, 200]
    await logged(place, 0, 300)
    assert await counted(place) == [300, 300, 0], "an earlier day takes its share first"
    assert await total(place) == 600
    await logged(place, 6, 1)
    assert await counted(place) == [300, 300, 0, 0]
    assert (await place.log(place.monday(0) - timedelta(days=0), 60)).json()["counted_minutes"] == 60, "the next week has its own"


async def test_a_day_past_its_cap_leaves_the_rest_of_the_week_its_share(enroll):
    place = await enroll(rules={"daily_cap_minutes": 480, "weekly_cap_minutes": 900})
    for day in range(3):
        await logged(place, day, 600)
    assert await counted(place) == [480, 420, 0]


async def test_a_coordinator_accepts_what_lies_past_a_cap(compliance, enroll):
    place = await (await enroll(2, zone="own", rules={"daily_cap_minutes": 480})).coordinated()
    await place.scan("midweek", place.monday(1) + timedelta(days=2))
    entry = await logged(place, 0, 700)
    assert [alert["status"] for alert in await place.alerts()] == ["open"]
    answer = await place.revise("coordinator", entry, "acceptance", '"1"')
    assert answer.status_code == 200, answer.text
    assert {
        "counted_minutes": 700,
        "over_cap_minutes": 0,
        "flags": [],
        "status": "submitted",
        "revision": 1,
    }.items() <= answer.json().items()
    assert await total(place) == 700
    assert [alert["status"] for alert in await place.alerts()] == ["resolved"]
    assert (await compliance.trail(entry["log_id"]))[-1] == ("hours.accept", {"counted_minutes": 480}, {"counted_minutes": 700})
    again = await place.revise("coordinator", entry, "acceptance")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/nothing-to-accept")
    more = await place.revise("student", entry, "correction", minutes=720)
    assert more.json()["counted_minutes"] == 480, "it was not for so many minutes that it was accepted"
    less = await place.revise("student", entry, "correction", minutes=650)
    assert less.json()["counted_minutes"] == 650


async def test_nobody_accepts_their_own_hours_or_unseen_ones(enroll):
    place = await (await enroll(rules={"daily_cap_minutes": 60})).coordinated()
    mine = await logged(place, 0, 100, "coordinator", source="coordinator")
    assert (await place.revise("coordinator", mine, "acceptance")).json()["type"] == "/problems/own-hours"
    theirs = await logged(place, 1, 100)
    assert (await place.revise("coordinator", theirs, "acceptance", '"7"')).json()["type"] == "/problems/entry-changed"
    for who in ("student", "partner"):
        assert (await place.revise(who, theirs, "acceptance")).json()["type"] == "/problems/role-required"


async def test_milady_hours_past_a_cap_are_accepted_and_stay_miladys(enroll):
    place = await (await enroll(rules={"daily_cap_minutes": 60})).coordinated()
    lms = place.lms(place.monday(1), 100)
    await place.send("milady-sync", lms)
    await eventually(lambda: place.service.sql("select 1 from hour_entry where log_id = $1", lms.log_id))
    entry = {"log_id": lms.log_id}
    assert (await place.revise("coordinator", entry, "acceptance")).json()["counted_minutes"] == 100
    await place.send("milady-sync", lms.model_copy(update={"revision": 2, "minutes": 120}))

    async def restated():
        return [each for each in await entries(place) if each["revision"] == 2]

    [newest] = await eventually(restated)
    assert (newest["minutes"], newest["counted_minutes"], newest["flags"]) == (120, 60, [OVER])


async def test_what_goes_away_makes_room_under_the_cap(enroll):
    place = await (await enroll(rules={"daily_cap_minutes": 480})).coordinated()
    first, second, third = [await logged(place, 0, 300) for _ in range(3)]
    assert await counted(place) == [300, 180, 0]
    assert (await place.revise("student", first, "void", reason="x")).status_code == 200
    assert await counted(place) == [0, 300, 180]
    assert (await place.revise("coordinator", second, "rejection", reason="x")).status_code == 200
    assert await counted(place) == [0, 0, 300]
    moved = (place.monday(2)).isoformat()
    assert (await place.revise("student", third, "correction", work_date=moved, minutes=500)).json()["flags"] == [OVER]
    assert [await total(place), (await place.week(place.monday(2)))["logged_minutes"]] == [0, 480]


async def test_two_sources_on_one_day_are_flagged_and_both_count(enroll):
    place = await enroll()
    mine = await logged(place, 0, 120)
    assert mine["flags"] == []
    theirs = await logged(place, 0, 120, "partner", source="partner")
    assert theirs["flags"] == [TWICE]
    theory = await logged(place, 0, 60, category="theory")
    assert theory["flags"] == [], "another category is other training"
    assert {entry["log_id"] for entry in await entries(place, flag=TWICE)} == {mine["log_id"], theirs["log_id"]}
    assert await total(place) == 300
    assert (await place.revise("student", mine, "void", reason="x")).status_code == 200
    assert await entries(place, flag=TWICE) == []


async def test_double_credit_is_seen_over_all_of_a_students_enrollments(enroll):
    place = await enroll()
    other = await enroll(student_id=place.student_id)
    await logged(place, 0, 60)
    await logged(other, 0, 60, source="mobile")
    assert [entry["flags"] for entry in (await entries(place)) + (await entries(other))] == [[TWICE], [TWICE]]


async def test_milady_hours_are_flagged_beside_a_students_own(enroll):
    place = await enroll()
    await logged(place, 0, 60, category="theory")
    lms = place.lms(place.monday(1), 45)
    await place.send("milady-sync", lms)

    async def both():
        return len(await entries(place, flag=TWICE)) == 2

    assert await eventually(both)
    await place.send("milady-sync", place.vanished(lms))

    async def none():
        return await entries(place, flag=TWICE) == []

    assert await eventually(none)


async def test_a_program_may_count_verified_hours_alone(enroll):
    place = await (await enroll(rules={"submitted_hours_count": False, "daily_cap_minutes": 100})).coordinated()
    entry, other = [await logged(place, 0, 90) for _ in range(2)]
    assert (entry["counted_minutes"], other["flags"], await total(place)) == (0, [], 0)
    assert (await place.revise("coordinator", other, "verification")).json()["counted_minutes"] == 90
    assert (await place.revise("coordinator", entry, "verification")).json()["counted_minutes"] == 90
    assert (await counted(place), await total(place)) == ([90, 10], 100)


async def test_rules_that_come_or_change_later_count_what_is_there_anew(enroll):
    place = await enroll(arrive=False)
    await place.send("onboarding", place.created(), place.assigned())
    await place.send("milady-sync", place.lms(place.monday(1), 300))
    await eventually(lambda: place.service.sql("select 1 from weekly_total where enrollment_id = $1", place.enrollment_id))
    for revision, cap in ((1, 200), (2, 100), (3, None)):
        await place.send("onboarding", place.program(revision=revision, daily_cap_minutes=cap))

        async def follows(cap=cap):
            rows = await place.service.sql("select minutes from weekly_total where enrollment_id = $1", place.enrollment_id)
            return rows[0]["minutes"] == (cap or 300)

        assert await eventually(follows)


async def test_two_at_once_share_a_cap(enroll):
    place = await enroll(rules={"daily_cap_minutes": 500})
    for day in range(3):
        answers = await asyncio.gather(
            *(logged(place, day, 300, who, source=source) for who, source in (("student", "manual"), ("partner", "partner")))
        )
        assert sorted(entry["minutes"] for entry in answers) == [300, 300]
    assert await total(place) == 1500
    assert sorted(await counted(place)) == [200] * 3 + [300] * 3


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"status": "verified"}, {"a"}),
        ({"status": "submitted", "source": "manual"}, {"b"}),
        ({"from": 1}, {"b", "c"}),
        ({"from": 1, "to": 1}, {"b"}),
        ({"to": 0}, {"a"}),
        ({"flag": OVER}, set()),
    ],
)
async def test_lists_are_narrowed(enroll, params, expected):
    place = await enroll()
    for day, name, who, source in ((0, "a", "student", "manual"), (1, "b", "student", "manual"), (2, "c", "partner", "partner")):
        entry = await logged(place, day, 60, who, source=source, external_key=name)
        if name == "a":
            assert (await place.revise("admin", entry, "verification")).status_code == 200
    asked = {
        name: (place.monday(1) + timedelta(days=value)).isoformat() if isinstance(value, int) else value for name, value in params.items()
    }
    assert {entry["external_key"] for entry in await entries(place, **asked)} == expected


async def test_a_list_refuses_what_it_cannot_narrow_by(enroll):
    place = await enroll()
    for wrong in ({"flag": "odd"}, {"status": "odd"}, {"from": "yesterday"}, {"enrollment_id": str(uuid4())[:-1]}):
        assert (await place.as_("student").get("/v1/hours", params=wrong)).json()["type"] == "/problems/malformed-request"
