"""Passwords, through the doors."""

import asyncio

import pytest
from identity.passwords import Passwords
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

NEW = "tulip granite velvet"


async def sign_in(identity, someone, password):
    return await identity.client().post("/v1/sessions", json={"email": someone.email, "password": password})


@pytest.mark.parametrize(("password", "kind"), [("password1234", "too-common"), ("Jordan Ellis rules!", "names-you")])
async def test_who_signs_up_with_an_easy_password_is_told_to_choose_another(identity, newcomer, password, kind):
    body = newcomer(password=password)
    answer = await identity.client().post("/v1/users", json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/password-{kind}")
    assert password not in answer.text
    assert (await identity.client().post("/v1/users", json=newcomer(email=body["email"]))).status_code == 201


async def test_a_changed_password_is_the_only_one_and_ends_ones_other_sessions(identity, person):
    someone, other = await person(), await person()
    before = someone.session
    await someone.sign_in()
    answer = await someone.client().put("/v1/me/password", json={"present": someone.password, "password": NEW})
    assert answer.status_code == 204
    assert (await sign_in(identity, someone, someone.password)).status_code == 401
    assert (await sign_in(identity, someone, NEW)).status_code == 201
    assert (await someone.refresh(before["refresh_token"])).status_code == 401
    assert (await someone.refresh()).status_code == 200
    assert (await other.refresh()).status_code == 200
    noted = await identity.sql(
        "select actor, before, after from audit_entry where action = 'password.change' and subject_id = $1", someone.id
    )
    assert [tuple(row) for row in noted] == [(someone.user["id"], None, None)]
    ended = await identity.sql("select ended_because from session where user_id = $1 and ended_at is not null", someone.id)
    assert [row["ended_because"] for row in ended] == ["password changed"]


@pytest.mark.parametrize(
    ("present", "password", "told"),
    [
        ("not the password", NEW, (403, "/problems/password-not-right")),
        (None, "password1234", (422, "/problems/password-too-common")),
        (None, "Jordan Ellis rules!", (422, "/problems/password-names-you")),
        (None, "too short", (422, "/problems/malformed-request")),
    ],
)
async def test_a_password_is_not_changed_without_the_present_one_or_to_an_easy_one(identity, person, present, password, told):
    someone = await person()
    body = {"present": present or someone.password, "password": password}
    answer = await someone.client().put("/v1/me/password", json=body)
    assert (answer.status_code, answer.json()["type"]) == told
    assert (await sign_in(identity, someone, someone.password)).status_code == 201
    assert (await someone.refresh()).status_code == 200


async def test_a_hash_of_other_parameters_is_made_anew_at_the_next_sign_in(identity, person):
    someone = await person()
    weak = await asyncio.to_thread(PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8192, parallelism=1),)).hash, someone.password)
    await identity.sql("update credential set password_hash = $2 where user_id = $1", someone.id, weak)
    for _ in range(2):
        assert (await sign_in(identity, someone, someone.password)).status_code == 201
    stored = (await identity.sql("select password_hash from credential where user_id = $1", someone.id))[0]["password_hash"]
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await Passwords().compare(someone.password, stored) == (True, None)
    noted = await identity.sql("select 1 from audit_entry where action = 'password.hash-again' and subject_id = $1", someone.id)
    assert len(noted) == 1


async def test_the_command_line_takes_no_easy_password_either(identity, newcomer, monkeypatch):
    monkeypatch.setenv("CHAIRSIDE_ADMIN_PASSWORD", "password1234")
    told = await asyncio.to_thread(identity.run, "create-admin", "--email", newcomer()["email"], "--name", "Ada Okafor")
    assert told.returncode == 1
    assert "first that are guessed" in told.stderr
