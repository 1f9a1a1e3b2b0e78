"""What onboarding gives of a person for their export."""

from dev.erasing import misnamed
from onboarding.app import service
from payroll import DIGITS, enter


async def test_every_table_is_given_or_kept_back_with_a_reason(onboarding):
    assert await misnamed(onboarding.sql, service.holdings) == set()


async def test_one_gets_what_one_signed_and_where_one_is_enrolled(onboarding, enrolled):
    holder, program, student, enrollment = await enrolled()
    given = (await student.http.get(f"/v1/people/{student.id}/records")).json()["tables"]
    assert [row["name"] for row in given["person"]] == [student.name]
    assert [row["enrollment_id"] for row in given["enrollment"]] == [enrollment["id"]]
    assert [row["partner_id"] for row in given["assignment"]] == [str(holder.id)]
    theirs = (await holder.http.get(f"/v1/people/{holder.id}/records")).json()["tables"]
    assert [row["typed_name"] for row in theirs["signature"]] == [holder.name]
    assert [row["program_id"] for row in theirs["program"]] == [program["id"]]
    assert theirs["enrollment"] == []
    assert (await holder.http.get(f"/v1/people/{student.id}/records")).status_code == 404


async def test_one_gets_ones_payroll_profile_with_the_last_four_digits_of_the_numbers(person):
    someone = await person()
    await someone.apply()
    shown = (await enter(someone)).json()
    answer = await someone.http.get(f"/v1/people/{someone.id}/records")
    (given,) = answer.json()["tables"]["payroll_profile"]
    assert (given["state"], given["tax_last_four"], given["account_last_four"]) == ("pending", "5671", "9001")
    assert given.keys() == shown.keys() - {"name"}
    assert "sealed" not in answer.text
    assert not any(number in answer.text for number in DIGITS)
