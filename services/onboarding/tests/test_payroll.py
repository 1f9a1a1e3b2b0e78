"""Payroll profiles: entered by partners, read in clear and decided by payroll admins (SPEC 3.7, 3.10)."""

import asyncio
import subprocess
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from dev.harness import eventually
from onboarding.domain.payroll import RoutingNumberWrong, check_routing_number
from payroll import DIGITS, NUMBERS, decide, enter, kind

from dev import postgres


@pytest.fixture
def applicant(person):
    """`await applicant()`: somebody who has applied, and entered their profile."""

    async def make():
        made = await person()
        assert (await made.apply()).status_code == 201
        answer = await enter(made)
        assert answer.status_code == 200, answer.text
        return made

    return make


async def test_a_partner_enters_a_profile_and_is_shown_the_last_four_digits(onboarding, person):
    someone = await person()
    assert kind(await enter(someone)) == (404, "not-applied")
    await someone.apply()
    assert kind(await someone.http.get("/v1/payroll-profiles/me")) == (404, "no-payroll-profile")
    told = await enter(someone)
    assert told.json() == (await someone.http.get("/v1/payroll-profiles/me")).json()
    shown = told.json()
    assert (shown["routing_last_four"], shown["account_last_four"], shown["tax_last_four"]) == ("0021", "9001", "5671")
    assert (shown["state"], shown["name"], told.headers["etag"]) == ("pending", someone.name, '"1"')
    again = await enter(someone, account_number="1234567")
    assert (again.json()["account_last_four"], again.headers["etag"]) == ("4567", '"2"')
    assert await onboarding.trail(someone.id) == [
        ("partner.apply", None, {"role": "program_holder", "status": "pending"}),
        ("payroll-profile.enter", None, {"state": "pending", "revision": 1}),
        ("payroll-profile.enter", {"state": "pending", "revision": 1}, {"state": "pending", "revision": 2}),
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("routing_number", "02100002"), ("routing_number", "02100002x"), ("account_number", "12345"), ("account_number", "1" * 18),
        ("account_number", "١٢٣٤٥٦٧"), ("tax_id", "12-345-6789"), ("tax_id", ""), ("payment_type", "cash"), ("tax_id", None),
    ],
)  # fmt: skip
async def test_a_malformed_number_is_refused_and_not_repeated(person, field, value):
    someone = await person()
    await someone.apply()
    answer = await enter(someone, **{field: value})
    assert (*kind(answer), answer.json()["errors"][0]["field"]) == (422, "malformed-request", f"body.{field}")
    assert not value or value not in answer.text


async def test_a_routing_number_of_no_bank_is_refused(person):
    someone = await person()
    await someone.apply()
    for wrong in ("021000022", "000000000", "990000002"):
        answer = await enter(someone, routing_number=wrong)
        assert kind(answer) == (422, "routing-number-wrong")
        assert wrong not in answer.text


def test_one_wrong_digit_and_two_neighbours_changed_over_are_found():
    good = NUMBERS["routing_number"]
    check_routing_number(good)
    for at in range(9):
        for digit in set("0123456789") - {good[at]}:
            with pytest.raises(RoutingNumberWrong):
                check_routing_number(good[:at] + digit + good[at + 1 :])
    for at in [at for at in range(8) if good[at] != good[at + 1] and abs(int(good[at]) - int(good[at + 1])) != 5]:
        with pytest.raises(RoutingNumberWrong):
            check_routing_number(good[:at] + good[at + 1] + good[at] + good[at + 2 :])


async def test_a_payroll_admin_reads_the_numbers_and_every_reading_is_in_the_trail(onboarding, applicant, payroll):
    someone = await applicant()
    answer = await payroll.http.get(f"/v1/payroll-profiles/{someone.id}/numbers")
    told = NUMBERS | {"user_id": str(someone.id), "tax_id": "912345671"}
    assert (answer.status_code, answer.json(), answer.headers["etag"], answer.headers["cache-control"]) == (200, told, '"1"', "no-store")
    read = "select * from audit_entry where action = 'payroll-numbers.read' and subject_id = $1"
    [entry] = await onboarding.sql(read, someone.id)
    assert (entry["actor"], entry["actor_kind"], entry["object_id"]) == (str(payroll.id), "payroll_admin", str(someone.id))
    assert kind(await payroll.http.get(f"/v1/payroll-profiles/{uuid4()}/numbers")) == (404, "payroll-profile-not-found")
    await payroll.http.get(f"/v1/payroll-profiles/{someone.id}/numbers")
    assert len(await onboarding.sql(read, someone.id)) == 2


async def test_where_the_trail_cannot_be_written_no_number_is_told(onboarding, applicant, payroll):
    someone = await applicant()
    await onboarding.sql("alter table audit_entry add constraint no_readings check (action <> 'payroll-numbers.read') not valid")
    try:
        answer = await payroll.http.get(f"/v1/payroll-profiles/{someone.id}/numbers")
    finally:
        await onboarding.sql("alter table audit_entry drop constraint no_readings")
    assert answer.status_code == 500
    assert not [digits for digits in DIGITS if digits in answer.text]


async def test_administrators_see_profiles_without_numbers_and_decide_nothing(applicant, admin, payroll, partner):
    someone, other = await applicant(), await partner()
    for who in (admin, payroll):
        listed = await who.http.get("/v1/payroll-profiles", params={"state": "pending", "limit": 500})
        one = await who.http.get(f"/v1/payroll-profiles/{someone.id}")
        assert one.json() in listed.json()["items"]
        assert (one.json()["name"], one.headers["etag"]) == (someone.name, '"1"')
        assert not [digits for digits in DIGITS if digits in listed.text]
    for who in (admin, someone, other):
        assert kind(await who.http.get(f"/v1/payroll-profiles/{someone.id}/numbers")) == (403, "role-required")
        for how in ("approval", "rejection"):
            assert kind(await decide(who, someone, how, reason="no")) == (403, "role-required")
    assert kind(await other.http.get("/v1/payroll-profiles")) == (403, "role-required")
    assert kind(await other.http.get(f"/v1/payroll-profiles/{someone.id}")) == (404, "payroll-profile-not-found")
    assert kind(await payroll.http.get("/v1/partners")) == (403, "role-required")


async def test_a_profile_is_approved_once_as_it_was_read(onboarding, applicant, payroll):
    someone = await applicant()
    seen = (await payroll.http.get(f"/v1/payroll-profiles/{someone.id}/numbers")).headers["etag"]
    await enter(someone, account_number="99887766554")
    assert kind(await decide(payroll, someone, tag=seen)) == (412, "payroll-changed")
    missing = await payroll.http.post(f"/v1/payroll-profiles/{someone.id}/approval")
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (422, "header.if-match")
    answer = await decide(payroll, someone, tag='"2"')
    assert (answer.status_code, answer.json()["state"], answer.json()["decided_by"], answer.headers["etag"]) == (
        200, "active", str(payroll.id), '"3"',
    )  # fmt: skip
    assert kind(await decide(payroll, someone)) == (409, "payroll-decided")
    assert kind(await decide(payroll, someone, "rejection", reason="no")) == (409, "payroll-decided")
    assert (await onboarding.trail(someone.id))[-1] == (
        "payroll-profile.approve", {"state": "pending", "revision": 2}, {"state": "active", "revision": 3},
    )  # fmt: skip


async def test_a_rejected_profile_says_why_and_is_entered_anew(applicant, payroll):
    someone = await applicant()
    assert (await decide(payroll, someone, "rejection", reason="The account is closed.")).status_code == 200
    shown = (await someone.http.get("/v1/payroll-profiles/me")).json()
    assert (shown["state"], shown["reason"]) == ("rejected", "The account is closed.")
    anew = (await enter(someone)).json()
    assert (anew["state"], anew["reason"], anew["decided_by"]) == ("pending", None, None)
    await decide(payroll, someone)
    assert (await enter(someone)).json()["state"] == "pending"


async def test_of_two_who_decide_at_once_one_does(applicant, payroll, person):
    someone, second = await applicant(), await person("Ray Mint", "payroll_admin", "payroll_admin")
    answers = await asyncio.gather(decide(payroll, someone), decide(second, someone, "rejection", reason="no"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_nobody_decides_on_their_own_profile_nor_on_one_that_is_not_there(applicant, payroll):
    both = await applicant()
    both.as_kind("payroll_admin", "payroll_admin")
    assert (await both.http.get("/v1/payroll-profiles/me")).status_code == 200
    assert (await enter(both)).status_code == 200
    assert kind(await decide(both, both)) == (403, "own-payroll")
    assert kind(await decide(both, both, "rejection", reason="no")) == (403, "own-payroll")
    payroll_of_nobody = await payroll.http.post(f"/v1/payroll-profiles/{uuid4()}/approval", headers={"If-Match": "*"})
    assert kind(payroll_of_nobody) == (404, "payroll-profile-not-found")


async def test_a_payroll_admin_uses_what_is_for_whoever_is_signed_in(payroll):
    for path in ("/v1/programs", "/v1/enrollments", "/v1/assignments", "/v1/disclosures", "/v1/role-packages"):
        assert (await payroll.http.get(path)).status_code == 200, path
    assert (await payroll.http.get("/v1/packets/current", params={"role": "worksite"})).status_code == 200


async def test_no_dump_no_log_and_no_trace_holds_a_number(onboarding, applicant, payroll, tmp_path):
    someone = await applicant()
    assert (await payroll.http.get(f"/v1/payroll-profiles/{someone.id}/numbers")).status_code == 200
    assert (await decide(payroll, someone)).status_code == 200
    with pytest.raises(httpx.HTTPStatusError):
        (await enter(someone, account_number="x" + DIGITS[1])).raise_for_status()
    sealed = "select count(*) as n from audit_entry where position is null"
    await eventually(lambda: _none(onboarding, sealed))
    dump = tmp_path / "dump.sql"
    command = [postgres.binaries() / "pg_dump", "--file", dump, onboarding.database.admin_url]
    made = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    traces = Path(onboarding.env["CHAIRSIDE_TRACES"])
    held = {file: text for file in (dump, onboarding.log, traces) if (text := file.read_text())}
    assert {dump, onboarding.log} <= held.keys()
    assert str(someone.id) in held[dump]
    assert [(file, digits) for file, text in held.items() for digits in DIGITS if digits in text] == []


async def _none(onboarding, sql):
    return (await onboarding.sql(sql))[0]["n"] == 0
