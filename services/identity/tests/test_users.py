"""Signing up and seeing accounts."""

import asyncio
import hashlib
import json
from uuid import UUID, uuid4

import pytest
from contracts.people import UserChanged
from dev.harness import events_of


async def test_who_signs_up_has_an_account_without_roles_and_the_others_hear_of_it(identity, newcomer, kafka):
    body = newcomer(phone="+13175550142")
    answer = await identity.client().post("/v1/users", json=body)
    user = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/users/{user['id']}"
    assert (user["email"], user["time_zone"], user["status"], user["roles"], user["kind"]) == (
        body["email"], "America/New_York", "active", [], "student",
    )  # fmt: skip
    [event] = await events_of(kafka, UserChanged, where=lambda e: e.user_id == UUID(user["id"]))
    assert (event.revision, event.name, event.email, event.phone, event.status) == (1, body["name"], body["email"], body["phone"], "active")


async def test_an_address_has_one_account_whatever_its_case(identity, person):
    someone = await person()
    again = {"email": someone.email.upper(), "name": "Somebody Else", "password": "another password"}
    answer = await identity.client().post("/v1/users", json=again)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/email-taken")


async def test_of_two_who_take_an_address_at_once_one_gets_it(identity, newcomer):
    body = newcomer()
    client = identity.client()
    answers = await asyncio.gather(*(client.post("/v1/users", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_repeated_sign_up_gets_the_first_answer_and_leaves_no_quick_hash_of_the_password(identity, newcomer):
    body = newcomer()
    raw = json.dumps(body).encode()
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
    first = await identity.client().post("/v1/users", content=raw, headers=headers)
    again = await identity.client().post("/v1/users", content=raw, headers=headers)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = await identity.client().post("/v1/users", json=body | {"name": "Another"}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    kept = await identity.sql("select request_hash, body from idempotency_key where operation = 'POST /v1/users'")
    assert body["email"].encode() in b"".join(row["body"] for row in kept)
    assert hashlib.sha256(b"\n" + raw).digest() not in {row["request_hash"] for row in kept}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", None),
        ("name", "  "),
        ("name", "two\nlines"),
        ("name", "a\u0000b"),
        ("password", "eleven char"),
        ("password", "x" * 201),
        ("phone", "317 555 0142"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
    ],
)
async def test_what_is_malformed_is_named_and_not_repeated(identity, newcomer, field, value):
    answer = await identity.client().post("/v1/users", json=newcomer(**{field: value}))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [each["field"] for each in answer.json()["errors"]] == [f"body.{field}"]
    assert field != "password" or value not in answer.text


async def test_one_sees_oneself_and_nobody_else(person):
    someone, other = await person(), await person()
    client = someone.client()
    assert (await client.get(f"/v1/users/{someone.id}")).json() == (await client.get("/v1/me")).json()
    hidden = await client.get(f"/v1/users/{other.id}")
    unknown = await client.get(f"/v1/users/{uuid4()}")
    assert (hidden.status_code, hidden.json()["type"]) == (unknown.status_code, unknown.json()["type"]) == (404, "/problems/user-not-found")
    assert (await client.get("/v1/users")).status_code == 403


async def test_an_administrator_sees_and_finds_everyone(admin, person):
    people = [await person() for _ in range(3)]
    client = admin.client()
    assert (await client.get(f"/v1/users/{people[0].id}")).json()["email"] == people[0].email
    found = await client.get("/v1/users", params={"email": people[1].email.upper()})
    assert [user["id"] for user in found.json()["items"]] == [people[1].user["id"]]
    seen, cursor = [], None
    while True:
        page = (await client.get("/v1/users", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [user["id"] for user in page["items"]]
        if not (cursor := page["next_cursor"]):
            break
    assert len(seen) == len(set(seen))
    assert {someone.user["id"] for someone in people} <= set(seen)


async def test_a_cursor_of_another_list_is_refused(admin):
    for cursor in ("WyJuby11dWlkIl0", "W10", "!"):
        answer = await admin.client().get("/v1/users", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/cursor-not-usable")


async def test_without_a_token_only_the_open_addresses_answer(identity):
    for address in ("/v1/me", "/v1/users", f"/v1/users/{uuid4()}"):
        answer = await identity.client().get(address)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/sign-in-required")
    assert (await identity.client().get("/.well-known/jwks.json")).status_code == 200
