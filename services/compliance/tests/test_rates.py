"""The weekly rates of cohorts and programs: met, missed, excused, and who came."""

from datetime import timedelta
from uuid import uuid4


async def rates(place, who="admin", **params):
    answer = await place.as_(who).get(f"/v1/programs/{place.program_id}/rates", params={"cohort_id": str(place.cohort_id), **params})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def week(place, start, who="admin"):
    return next(each for each in await rates(place, who) if each["week_start"] == start.isoformat())


async def test_how_many_met_their_week_and_how_many_came(enroll):
    place = await enroll(3, zone="own", cohort_id=uuid4(), required=600)
    start = place.monday(1)
    others = [await place.beside(cohort_id=place.cohort_id) for _ in range(3)]
    some, away, paced = others
    for day in range(4):
        assert (await place.log(start + timedelta(days=day), 150)).status_code == 201
    assert (await some.log(start + timedelta(days=5), 599)).status_code == 201
    assert (await paced.log(start, 300)).status_code == 201
    leave = {"enrollment_id": str(away.enrollment_id), "first_on": start.isoformat(), "last_on": (start + timedelta(days=6)).isoformat()}
    assert (await place.as_("admin").post("/v1/leaves", json=leave)).status_code == 201
    await place.service.sql("update requirement set is_self_paced = true where enrollment_id = $1", paced.enrollment_id)
    # Four of five class days; a Saturday is none; on leave there are none; half of the target.
    told = {
        "week_start": start.isoformat(), "week_end": (start + timedelta(days=6)).isoformat(), "enrollments": 4, "met": 1, "missed": 2,
        "excused": 1, "open": 0, "met_percent": 33, "attendance_percent": 43,
    }  # fmt: skip
    assert await week(place, start) == told
    before = await week(place, place.monday(2))
    assert (before["met"], before["missed"], before["met_percent"], before["attendance_percent"]) == (0, 4, 0, 0)
    program = (await place.as_("admin").get(f"/v1/programs/{place.program_id}/rates")).json()["items"]
    assert program == await rates(place)
    assert [each["week_start"] for each in program] == sorted((each["week_start"] for each in program), reverse=True)
    assert program[0]["open"] + program[0]["excused"] == 4


async def test_one_takes_the_rate_of_those_whom_one_sees(enroll):
    place = await enroll(2, zone="own", cohort_id=uuid4())
    await place.beside(cohort_id=place.cohort_id)
    assert (await week(place, place.monday(1)))["enrollments"] == 2
    assert (await week(place, place.monday(1), "partner"))["enrollments"] == 1
    [seen] = (await place.as_("student").get("/v1/disclosures")).json()["items"]
    assert seen["operation"] == "listRates"
    assert (await place.as_("student").get(f"/v1/programs/{place.program_id}/rates")).status_code == 403
    stranger = await enroll(2)
    for who, path in (("partner", f"?cohort_id={uuid4()}"), ("admin", f"?cohort_id={uuid4()}"), ("stranger", "")):
        whose = stranger.as_("partner") if who == "stranger" else place.as_(who)
        refused = await whose.get(f"/v1/programs/{place.program_id}/rates{path}")
        assert (refused.status_code, refused.json()["type"]) == (404, "/problems/nobody-there"), who


async def test_by_pages(enroll):
    place = await enroll(4, zone="own", cohort_id=uuid4())
    whole, found, cursor = await rates(place), [], {}
    assert len(whole) >= 4
    while True:
        answer = (await place.as_("admin").get(f"/v1/programs/{place.program_id}/rates", params={"limit": 2, **cursor})).json()
        found += answer["items"]
        if not answer["next_cursor"]:
            break
        cursor = {"cursor": answer["next_cursor"]}
    assert found == whole
