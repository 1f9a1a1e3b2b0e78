"""The weekly dashboard: every column, filter and order, and who sees whom."""

from datetime import timedelta
from uuid import uuid4

from contracts.examples import example
from dev.harness import eventually

DASHBOARD = "/v1/weekly-dashboard"


async def lines(place, who="admin", **params):
    answer = await place.as_(who).get(DASHBOARD, params={"program_id": str(place.program_id)} | params)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def line(place, **params):
    return next(each for each in await lines(place, **params) if each["student_id"] == str(place.student_id))


async def named(place, name, **changes):
    person = example("user.changed", "student").model_copy(
        update={"user_id": place.student_id, "name": name, "email": f"{place.student_id}@example.com", **changes}
    )
    await place.send("identity", person)
    await eventually(
        lambda: place.service.sql("select 1 from person where user_id = $1 and revision = $2", place.student_id, person.revision)
    )


async def test_a_line_says_who_and_how_the_week_stands(enroll):
    place = await enroll(zone="own", cohort_id=uuid4())
    await named(place, "Ada Barber")
    week = place.monday(1)
    await place.log(week - timedelta(days=3), 60)
    assert (await place.log(week + timedelta(days=1), 150)).status_code == 201
    shown = await line(place, week_start=week.isoformat())
    assert shown == {
        "student_id": str(place.student_id), "name": "Ada Barber", "email": f"{place.student_id}@example.com",
        "enrollment_id": str(place.enrollment_id), "program_id": str(place.program_id), "program_name": "Barber",
        "cohort_id": str(place.cohort_id), "week_start": week.isoformat(), "week_end": (week + timedelta(days=6)).isoformat(),
        "required_minutes": 600, "required_hours": "10.00", "target_minutes": 600, "target_hours": "10.00",
        "logged_minutes": 150, "logged_hours": "2.50", "missing_minutes": 450, "missing_hours": "7.50", "status": "behind",
        "severity": None, "last_activity_on": (week + timedelta(days=1)).isoformat(), "days_since_activity": 5,
    }  # fmt: skip
    assert (await line(place, week_start=(week - timedelta(days=7)).isoformat()))["days_since_activity"] == 2
    await place.log(week + timedelta(days=2), 450)
    met = await line(place, week_start=week.isoformat())
    assert (met["status"], met["missing_minutes"], met["logged_hours"]) == ("on_track", 0, "10.00")


async def test_without_a_week_it_is_the_present_one_where_the_program_is(enroll):
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        place = await enroll(zone=zone)
        today = await place.service.sql("select (now() at time zone $1)::date as today", zone)
        monday = today[0]["today"] - timedelta(days=today[0]["today"].weekday())
        shown = await line(place)
        assert (shown["week_start"], shown["status"], shown["last_activity_on"]) == (monday.isoformat(), "no_activity", None)


async def test_leave_is_said_and_asks_for_less(enroll):
    place = await enroll(zone="own")
    week = place.monday(1)
    body = {"enrollment_id": str(place.enrollment_id), "first_on": week.isoformat(), "last_on": (week + timedelta(days=6)).isoformat()}
    assert (await place.as_("admin").post("/v1/leaves", json=body)).status_code == 201
    away = await line(place, week_start=week.isoformat())
    assert (away["status"], away["target_minutes"], away["missing_minutes"]) == ("on_leave", 0, 0)
    assert (await line(place, week_start=place.monday(2).isoformat()))["status"] == "no_activity"


async def test_worst_first_by_severity_and_then_by_hours_missing(enroll):
    silent = await enroll(2, zone="own")
    week = silent.monday(1)
    for minutes in (300, 0, 599, 600, 120):
        other = await silent.beside(started_on=week)
        if minutes:
            assert (await other.log(week + timedelta(days=2), minutes)).status_code == 201
    assert (await silent.log(week - timedelta(days=1), 600)).status_code == 201
    assert (await silent.scan("weekly", week + timedelta(days=6))).status_code == 201
    found = await lines(silent, week_start=week.isoformat())
    assert [(each["severity"], each["missing_minutes"]) for each in found] == [
        ("high", 600), ("medium", 600), ("low", 480), ("low", 300), ("low", 1), (None, 0)
    ]  # fmt: skip
    assert found[0]["student_id"] == str(silent.student_id)
    for limit in (1, 2, 4):
        assert await paged(silent, limit, week_start=week.isoformat(), program_id=str(silent.program_id)) == found
    everybody = await paged(silent, 40, week_start=week.isoformat())
    assert [each for each in everybody if each["program_id"] == str(silent.program_id)] == found
    behind = {each["student_id"] for each in found if each["status"] == "behind"}
    assert behind == {each["student_id"] for each in await lines(silent, week_start=week.isoformat(), status="behind")}
    everybody_behind = await paged(silent, 7, week_start=week.isoformat(), status="behind")
    assert behind == {each["student_id"] for each in everybody_behind if each["program_id"] == str(silent.program_id)}


async def paged(place, limit, **params):
    """The whole list by pages, each row once."""
    found, cursor = [], {}
    while True:
        answer = await place.as_("admin").get(DASHBOARD, params={**params, **cursor, "limit": limit})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if not answer.json()["next_cursor"]:
            assert len({each["enrollment_id"] for each in found}) == len(found)
            return found
        cursor = {"cursor": answer.json()["next_cursor"]}


async def test_filters_and_who_sees_whom(enroll):
    place = await enroll(zone="own", cohort_id=uuid4())
    other = await place.beside()
    both, mine = {str(place.student_id), str(other.student_id)}, {str(place.student_id)}

    async def seen(who, **params):
        return {each["student_id"] for each in await lines(place, who, **params)}

    assert await seen("admin") == both
    assert await seen("partner") == await seen("student") == mine
    assert await seen("admin", partner_id=str(place.partner_id)) == mine
    assert await seen("admin", cohort_id=str(place.cohort_id)) == mine
    assert await seen("admin", cohort_id=str(uuid4())) == set()
    assert await seen("partner", partner_id=str(place.partner_id)) == mine
    assert await seen("partner", partner_id=str(other.partner_id)) == set()
    assert await seen("admin", status="on_track") == set()
    [disclosed] = (await place.as_("student").get("/v1/disclosures")).json()["items"][:1]
    assert disclosed["operation"] == "listWeeklyDashboard"
    await place.send("onboarding", place.unassigned())
    await eventually(lambda: place.service.sql("select 1 from access_grant where grant_id = $1 and not active", place.assignment_id))
    assert await seen("partner") == set()
    assert await seen("admin", partner_id=str(place.partner_id)) == set()


async def test_who_ended_is_in_the_weeks_that_they_saw(enroll):
    place = await enroll(zone="own")
    week = place.monday(1)
    await place.send("onboarding", place.withdrawn(week + timedelta(days=1)))
    await eventually(lambda: place.service.sql("select 1 from enrollment where enrollment_id = $1 and revision = 2", place.enrollment_id))
    assert await lines(place) == []
    assert await lines(place, week_start=place.monday(-1).isoformat()) == []
    assert await lines(place, week_start="9998-12-28") == []
    assert await lines(place, week_start=week.isoformat()) == []
    assert len(await lines(place, week_start=place.monday(2).isoformat())) == 1


async def test_an_erased_student_has_no_name_and_an_older_one_does_not_bring_it_back(enroll):
    place = await enroll(zone="own")
    await named(place, "Ada Barber")
    await named(place, "Ada Barber", revision=3, status="erased")
    await place.send("identity", example("user.changed", "student").model_copy(update={"user_id": place.student_id, "revision": 2}))
    await place.arrived()
    shown = await line(place)
    assert (shown["name"], shown["email"]) == (None, None)
    assert not (await place.service.sql("select 1 from person where user_id = $1 and (name, email) <> ('', '')", place.student_id))


async def test_what_cannot_be_asked_is_said(enroll):
    place = await enroll()
    admin = place.as_("admin")
    refused = await admin.get(DASHBOARD, params={"week_start": (place.monday(1) + timedelta(days=1)).isoformat()})
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/not-a-monday")
    assert refused.json()["nearest"] == place.monday(1).isoformat()
    for cursor in ("WyI5OTk5OTk5OTk5OSIsIjAiLCIwIl0", "W10", "x"):
        refused = await admin.get(DASHBOARD, params={"cursor": cursor})
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/cursor-not-usable"), refused.text
