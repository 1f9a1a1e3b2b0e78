"""Roles that administrators grant and withdraw, and the payroll admin's (SPEC, people; 3.10)."""

import asyncio
import base64
import json
from uuid import uuid4

import pytest_asyncio
from contracts.examples import example
from dev.harness import eventually, send


def claims_of(someone):
    return json.loads(base64.urlsafe_b64decode(someone.session["access_token"].split(".")[1] + "=="))


async def granted(admin, someone, role="payroll_admin"):
    answer = await admin.client().put(f"/v1/users/{someone.id}/roles/{role}")
    assert answer.status_code == 204, answer.text
    await someone.sign_in()
    return someone


@pytest_asyncio.fixture
async def payroll(admin, person):
    return await granted(admin, await person())


def kind(answer):
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def test_an_administrator_makes_a_payroll_admin_and_takes_it_back_at_once(identity, admin, person):
    someone = await person()
    path = f"/v1/users/{someone.id}/roles/payroll_admin"
    for _ in range(2):
        assert (await admin.client().put(path)).status_code == 204
    assert (await someone.refresh()).status_code == 401
    await someone.sign_in()
    assert (claims_of(someone)["kind"], claims_of(someone)["roles"]) == ("payroll_admin", ["payroll_admin"])
    client = someone.client()
    assert (await client.get("/v1/me")).json()["roles"] == ["payroll_admin"]
    for _ in range(2):
        assert (await admin.client().delete(path)).status_code == 204

    async def refused():
        return (await client.get("/v1/me")).status_code == 401

    await eventually(refused)
    assert (await someone.refresh()).status_code == 401
    await someone.sign_in()
    assert (claims_of(someone)["kind"], claims_of(someone)["roles"]) == ("student", [])
    trail = await identity.sql("select * from audit_entry where object_id = $1 order by id", someone.user["id"])
    told = [(row["action"], json.loads(row["before"]), json.loads(row["after"])) for row in trail if row["action"].startswith("role.")]
    assert told == [
        ("role.grant", {"roles": []}, {"roles": ["payroll_admin"]}), ("role.withdraw", {"roles": ["payroll_admin"]}, {"roles": []}),
    ]  # fmt: skip
    ended = await identity.sql("select ended_because from session where user_id = $1 and ended_at is not null", someone.id)
    assert [row["ended_because"] for row in ended] == ["roles changed"] * 2


async def test_a_payroll_admin_is_no_administrator_and_uses_their_own_account(admin, payroll, person):
    client, other = payroll.client(), await person()
    for method, path in (("GET", "/v1/users"), ("GET", "/v1/audit"), ("POST", f"/v1/users/{other.id}/deactivation")):
        assert kind(await client.request(method, path)) == (403, "role-required"), path
    assert kind(await client.get(f"/v1/users/{other.id}")) == (404, "user-not-found")
    assert (await client.patch("/v1/me", json={"name": "Pat Roll"}, headers={"If-Match": "*"})).json()["name"] == "Pat Roll"
    for path in ("/v1/consents", "/v1/sessions", "/v1/disclosures", "/v1/me/passkeys"):
        assert (await client.get(path)).status_code == 200, path
    assert (await client.post("/v1/consents", json={"purpose": "photos", "wording": "as shown"})).status_code == 201
    assert (await client.delete("/v1/sessions/current")).status_code == 204


async def test_nobody_is_both_whichever_comes_first(admin, person):
    for first, second in (("admin", "payroll_admin"), ("payroll_admin", "admin")):
        someone = await granted(admin, await person(), first)
        assert kind(await admin.client().put(f"/v1/users/{someone.id}/roles/{second}")) == (409, "roles-apart")
        assert claims_of(someone)["kind"] == first


async def test_of_both_roles_granted_at_once_one_is(admin, person):
    someone = await person()
    answers = await asyncio.gather(*(admin.client().put(f"/v1/users/{someone.id}/roles/{role}") for role in ("admin", "payroll_admin")))
    assert sorted(answer.status_code for answer in answers) == [204, 409]


async def test_no_one_grants_or_withdraws_a_role_of_their_own(admin):
    for method, role in (("PUT", "payroll_admin"), ("PUT", "admin"), ("DELETE", "admin")):
        assert kind(await admin.client().request(method, f"/v1/users/{admin.id}/roles/{role}")) == (403, "own-roles")


async def test_of_two_who_withdraw_each_others_role_one_stays(identity, admin, person):
    for _ in range(5):
        one, other = await granted(admin, await person(), "admin"), await granted(admin, await person(), "admin")
        asked = ((one, other), (other, one))
        answers = await asyncio.gather(*(who.client().delete(f"/v1/users/{whom.id}/roles/admin") for who, whom in asked))
        left = await identity.sql("select 1 from user_role where user_id = any($1)", [one.id, other.id])
        assert (sorted(answer.status_code for answer in answers)[0], len(left)) == (204, 1), [answer.text for answer in answers]


async def test_only_administrators_do_it_to_people_that_there_are_and_whose_account_is_open(admin, payroll, person):
    someone = await person()
    for who in (payroll, someone):
        for method in ("PUT", "DELETE"):
            assert kind(await who.client().request(method, f"/v1/users/{someone.id}/roles/admin")) == (403, "role-required")
    assert kind(await admin.client().put(f"/v1/users/{uuid4()}/roles/admin")) == (404, "user-not-found")
    assert (await admin.client().put(f"/v1/users/{someone.id}/roles/program_holder")).status_code == 422
    await admin.client().post(f"/v1/users/{someone.id}/deactivation")
    assert kind(await admin.client().put(f"/v1/users/{someone.id}/roles/admin")) == (409, "account-not-active")


async def test_a_payroll_admin_is_that_alone_whatever_else_they_become(identity, payroll, kafka):
    await send(kafka, "onboarding", example("partner.activated").model_copy(update={"user_id": payroll.id}))
    await eventually(lambda: identity.sql("select 1 from user_role where user_id = $1 and role = 'program_holder'", payroll.id))
    payroll.session = (await payroll.refresh()).json()
    assert (claims_of(payroll)["kind"], claims_of(payroll)["roles"]) == ("payroll_admin", ["payroll_admin"])


async def test_a_payroll_admins_session_is_watched_from_its_beginning(identity, payroll):
    watched = await identity.sql("select watched from session where user_id = $1 and ended_at is null", payroll.id)
    assert [row["watched"] for row in watched] == [True]
