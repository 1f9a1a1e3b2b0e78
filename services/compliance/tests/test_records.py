"""What compliance gives of a person for their export."""

from datetime import timedelta

from compliance.app import service
from dev.erasing import misnamed


async def test_every_table_is_given_or_kept_back_with_a_reason(compliance):
    assert await misnamed(compliance.sql, service.holdings) == set()


async def test_one_gets_ones_hours(enroll):
    place, other = await enroll(), await enroll()
    for each in (place, other):
        assert (await each.log(each.started_on + timedelta(days=1), notes="a word of mine")).status_code == 201
    answer = await place.as_("student").get(f"/v1/people/{place.student_id}/records")
    given = answer.json()["tables"]
    assert [row["notes"] for row in given["hour_entry"]] == ["a word of mine"]
    assert [row["enrollment_id"] for row in given["weekly_total"]] == [str(place.enrollment_id)]
    assert str(other.student_id) not in answer.text
    assert (await place.as_("partner").get(f"/v1/people/{place.student_id}/records")).status_code == 404
