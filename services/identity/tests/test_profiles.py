"""Accounts that change, or close."""

import asyncio
import json
from uuid import uuid4

import pytest
from contracts.people import UserChanged
from dev.harness import events_of


async def shown(client):
    answer = await client.get("/v1/me")
    return answer.json(), answer.headers["etag"]


async def test_one_changes_ones_own_name_phone_and_zone_and_the_others_hear_of_it(identity, person, kafka):
    someone = await person(phone="+13175550142")
    client = someone.client()
    _, tag = await shown(client)
    answer = await client.patch("/v1/me", json={"name": " Jo Ellis ", "phone": None}, headers={"If-Match": tag})
    told = answer.json()
    assert (answer.status_code, told["name"], told["phone"], told["time_zone"]) == (200, "Jo Ellis", None, "America/New_York")
    assert answer.headers["etag"] == (await shown(client))[1] != tag
    [event] = await events_of(kafka, UserChanged, where=lambda e: e.user_id == someone.id and e.revision == 2)
    assert (event.name, event.phone, event.email, event.status) == ("Jo Ellis", None, someone.email, "active")
    noted = await identity.sql("select after from audit_entry where action = 'user.change' and subject_id = $1", someone.id)
    assert [json.loads(row["after"]) for row in noted] == [{"changed": ["name", "phone"]}]


async def test_what_changes_nothing_makes_no_new_revision(identity, person):
    someone = await person()
    client = someone.client()
    told, tag = await shown(client)
    same = {"name": told["name"], "time_zone": told["time_zone"]}
    for body in (same, {}):
        answer = await client.patch("/v1/me", json=body, headers={"If-Match": tag})
        assert (answer.status_code, answer.headers["etag"]) == (200, tag)
    assert len(await identity.sql("select 1 from outbox where topic = 'user.changed' and key = $1", someone.user["id"])) == 1


async def test_who_did_not_see_the_newest_account_does_not_overwrite_it(person, admin):
    someone = await person()
    client = someone.client()
    _, tag = await shown(client)
    path = f"/v1/users/{someone.id}"
    assert (await admin.client().patch(path, json={"name": "Set Right"}, headers={"If-Match": tag})).status_code == 200
    answer = await client.patch("/v1/me", json={"name": "Mine"}, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["type"]) == (412, "/problems/profile-changed")
    missing = await client.patch("/v1/me", json={"name": "Mine"})
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (422, "header.if-match")
    assert (await client.patch(path, json={"name": "Mine"}, headers={"If-Match": "*"})).json()["name"] == "Mine"


async def test_of_two_who_change_the_same_account_at_once_one_is_told(person):
    someone = await person()
    _, tag = await shown(someone.client())
    answers = await asyncio.gather(
        *(someone.client().patch("/v1/me", json={"name": f"Name {n}"}, headers={"If-Match": tag}) for n in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]


async def test_nobody_changes_somebody_elses_account(person):
    someone, other = await person(), await person()
    answer = await other.client().patch(f"/v1/users/{someone.id}", json={"name": "Mine"}, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/user-not-found")
    assert (await someone.client().get("/v1/me")).json()["name"] == someone.user["name"]


@pytest.mark.parametrize("body", [{"name": None}, {"name": " "}, {"time_zone": None}, {"time_zone": "Mars/Olympus"}, {"phone": "317"}])
async def test_a_malformed_change_is_refused(person, body):
    answer = await (await person()).client().patch("/v1/me", json=body, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, f"body.{next(iter(body))}")


async def test_status_and_address_are_not_changed_this_way(person):
    someone = await person()
    body = {"email": "x@example.com", "status": "erased", "email_verified": True, "roles": ["admin"]}
    told = (await someone.client().patch("/v1/me", json=body, headers={"If-Match": "*"})).json()
    assert {name: told[name] for name in ("email", "status", "email_verified", "roles")} == {
        "email": someone.email, "status": "active", "email_verified": False, "roles": [],
    }  # fmt: skip


async def test_an_administrator_closes_an_account_once_and_it_is_of_no_use_any_more(identity, admin, person, kafka):
    someone, other = await person(), await person()
    path = f"/v1/users/{someone.id}/deactivation"
    assert (await other.client().post(path)).status_code == 403
    assert (await someone.client().post(path)).status_code == 403
    for _ in range(2):
        answer = await admin.client().post(path)
        assert (answer.status_code, answer.json()["status"]) == (200, "deactivated")
    [event] = await events_of(kafka, UserChanged, where=lambda e: e.user_id == someone.id and e.revision == 2)
    assert event.status == "deactivated"
    assert len(await identity.sql("select 1 from outbox where topic = 'user.changed' and key = $1", someone.user["id"])) == 2
    assert (await someone.refresh()).status_code == 401
    entry = {"email": someone.email, "password": someone.password}
    assert (await identity.client().post("/v1/sessions", json=entry)).status_code == 401
    assert (await other.refresh()).status_code == 200
    ended = await identity.sql("select ended_because from session where user_id = $1", someone.id)
    assert [row["ended_because"] for row in ended] == ["account closed"]
    noted = await identity.sql("select actor from audit_entry where action = 'user.deactivate' and subject_id = $1", someone.id)
    assert [row["actor"] for row in noted] == [admin.user["id"]]


async def test_administrators_do_not_close_themselves_and_nobody_who_is_not_there(admin):
    own = await admin.client().post(f"/v1/users/{admin.id}/deactivation")
    assert (own.status_code, own.json()["type"]) == (409, "/problems/own-account")
    unknown = await admin.client().post(f"/v1/users/{uuid4()}/deactivation")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/user-not-found")
