"""Week close: results, streaks, and what comes later (SPEC 3.3)."""

from datetime import UTC, datetime, timedelta

from contracts.requirements import WeekClosed
from dev.harness import events_of, eventually


def monday(weeks_ago):
    """As `Place.monday`."""
    today = (datetime.now(UTC) - timedelta(days=1)).date()
    return today - timedelta(days=today.weekday() + 7 * weeks_ago)


async def close(place, weeks_ago):
    answer = await place.scan("close", place.monday(weeks_ago) + timedelta(days=7))
    assert answer.status_code in (200, 201), answer.text
    return answer


async def told(place, kafka, count=1):
    events = await events_of(kafka, WeekClosed, where=lambda e: e.enrollment_id == place.enrollment_id, count=count)
    return [(e.week_start, e.revision, e.result, e.met_in_a_row, e.missed_in_a_row) for e in events]


async def standing(place):
    rows = await place.service.sql(
        """select week_start, result, met_in_a_row, missed_in_a_row from weekly_total
           where enrollment_id = $1 and result is not null order by week_start""",
        place.enrollment_id,
    )
    return [tuple(row)[1:] for row in rows]


async def test_results_and_streaks_pass_over_what_is_excused_and_follow_what_comes_later(enroll, kafka):
    """Missed, excused, missed; then the first is made late: one revision of each week that is other than it was told."""
    place = await enroll(4, zone="own")
    for week in (4, 3, 2):
        if week == 3:
            away = {"first_on": place.monday(3).isoformat(), "last_on": (place.monday(3) + timedelta(days=6)).isoformat()}
            await place.as_("admin").post("/v1/leaves", json={"enrollment_id": str(place.enrollment_id)} | away)
        scan = (await close(place, week)).json()
        assert (scan["checked"], scan["counts"]) == (1, {"excused" if week == 3 else "missed": 1})
    assert await standing(place) == [("missed", 0, 1), ("excused", 0, 1), ("missed", 0, 2)]
    assert (await close(place, 2)).status_code == 200
    await place.log(place.monday(4), 600)
    assert await standing(place) == [("met", 1, 0), ("excused", 1, 0), ("missed", 0, 1)]
    four, three, two = (place.monday(week) for week in (4, 3, 2))
    events = await told(place, kafka, count=6)
    assert events[:3] == [(four, 1, "missed", 0, 1), (three, 1, "excused", 0, 1), (two, 1, "missed", 0, 2)]
    assert sorted(events[3:]) == [(four, 3, "met", 1, 0), (three, 2, "excused", 1, 0), (two, 2, "missed", 0, 1)]


async def test_a_late_week_resolves_its_alert_and_a_void_misses_it_again(enroll):
    place = await enroll(2, zone="own")
    monday = place.monday(1)
    await place.scan("weekly", monday + timedelta(days=6))
    await close(place, 1)
    entry = (await place.log(monday, 600)).json()
    assert (await place.week(monday))["status"] == "met"
    [alert] = await place.alerts()
    assert (alert["status"], alert["resolution"]) == ("resolved", "target-reached")
    await place.as_("student").post(f"/v1/hours/{entry['log_id']}/void", json={"reason": "test"})
    assert await standing(place) == [("missed", 0, 1)]
    [alert] = await place.alerts()
    assert (alert["status"], alert["revision"]) == ("open", 3)


async def test_more_hours_restate_the_week_also_where_its_result_stays(enroll, kafka):
    place = await enroll(2, zone="own")
    await close(place, 1)
    await place.log(place.monday(1), 60)
    events = await events_of(kafka, WeekClosed, where=lambda e: e.enrollment_id == place.enrollment_id, count=2)
    assert [(e.revision, e.result, e.logged_minutes, e.target_minutes) for e in events] == [(1, "missed", 0, 600), (2, "missed", 60, 600)]


async def test_weeks_closed_out_of_their_order_come_to_the_same_streaks(enroll):
    place = await enroll(3, zone="own")
    await place.log(place.monday(2), 600)
    for week in (1, 3, 2):
        await close(place, week)
    assert await standing(place) == [("missed", 0, 1), ("met", 1, 0), ("missed", 0, 1)]


async def test_who_withdrew_in_the_middle_of_a_week_is_asked_for_its_days_alone(enroll):
    place = await enroll(2, zone="own")
    monday = place.monday(1)
    await place.log(monday, 171)
    await place.send("onboarding", place.withdrawn(monday + timedelta(days=1)))
    await eventually(
        lambda: place.service.sql("select 1 from enrollment where enrollment_id = $1 and ended_on is not null", place.enrollment_id)
    )
    await close(place, 1)
    assert await standing(place) == [("met", 1, 0)]
    other = await enroll(2, zone=place.zone)
    await other.send("onboarding", other.withdrawn(monday - timedelta(days=1)))
    await eventually(
        lambda: other.service.sql("select 1 from enrollment where enrollment_id = $1 and ended_on is not null", other.enrollment_id)
    )
    await close(place, 1)
    # The week may have been closed for them before their withdrawal came: then it is restated.
    assert {result for result, *_ in await standing(other)} <= {"excused"}


async def test_who_is_enrolled_as_of_an_earlier_day_has_their_weeks_closed_too(enroll):
    first = await enroll(3, zone="own")
    for week in (3, 2, 1):
        await close(first, week)
    late = await enroll(2, zone=first.zone)

    async def both():
        found = await standing(late)
        return found if len(found) == 2 else None

    assert await eventually(both) == [("missed", 0, 1), ("missed", 0, 2)]
    assert await late.alerts() == []


async def test_who_was_enrolled_before_the_program_was_known_has_their_weeks_closed_too(enroll):
    first = await enroll(2, zone="own")
    await close(first, 1)
    late = await enroll(2, zone=first.zone, arrive=False)
    await late.send("onboarding", late.created(), late.assigned())
    await late.arrived()
    await late.send("onboarding", late.program())
    assert await eventually(lambda: standing(late)) == [("missed", 0, 1)]


async def test_a_requirement_for_a_later_week_leaves_closed_ones(enroll):
    place = await enroll(2, zone="own")
    await close(place, 1)
    await place.as_("admin").put(f"/v1/requirements/{place.enrollment_id}", json={"required_minutes_per_week": 0})
    assert await standing(place) == [("missed", 0, 1)]


async def test_the_list_of_weeks_says_what_was_asked_what_came_of_it_and_the_streak(enroll):
    place = await enroll(2, zone="own", started_on=monday(2) + timedelta(days=2))
    await place.log(place.monday(1), 600)
    await close(place, 2)
    await close(place, 1)
    shown = await place.week(place.monday(2))
    assert (shown["counted_days"], shown["target_minutes"], shown["status"], shown["result"]) == (5, 429, "missed", "missed")
    assert (shown["met_in_a_row"], shown["missed_in_a_row"]) == (0, 1)
    shown = await place.week(place.monday(1))
    assert (shown["counted_days"], shown["result"], shown["met_in_a_row"], shown["missed_in_a_row"]) == (7, "met", 1, 0)
    present = (await place.as_("student").get(f"/v1/enrollments/{place.enrollment_id}/weeks")).json()["items"][0]
    assert (present["status"], present["result"], present["met_in_a_row"]) == ("open", None, None)
