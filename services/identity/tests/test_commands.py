"""The operator's commands, and the first signing key."""

import asyncio
import os
import sys
from datetime import UTC, datetime

import pytest
from chassis.sealing import Seal
from identity.commands import keys, people, sessions
from identity.schemas.people import SignUp

NOW = datetime(2026, 11, 2, 14, tzinfo=UTC)
SEAL = Seal(("a sealing key of the tests",), "signing keys")


async def test_the_first_signing_key_is_made_once_by_however_many_need_it(untouched, waiting):
    async def need():
        async with untouched.transaction() as tx:
            return (await keys.published_keys(tx, SEAL, NOW))["keys"]

    async with untouched.transaction() as tx:
        [first] = (await keys.published_keys(tx, SEAL, NOW))["keys"]
        other = asyncio.create_task(need())
        await waiting(other)
    assert await other == [first]


async def test_of_two_uses_of_a_refresh_token_the_second_waits_and_is_found_out(untouched, waiting):
    async with untouched.transaction() as tx:
        body = SignUp(email="jordan@example.com", name="Jordan Ellis", password="a good password")
        session = await sessions.begin_session(tx, await people.sign_up(tx, body, "a hash", NOW), NOW)

    async def use():
        async with untouched.transaction() as tx:
            return await sessions.refresh_session(tx, session.refresh_token, NOW)

    async with untouched.transaction() as tx:
        assert await sessions.refresh_session(tx, session.refresh_token, NOW)
        second = asyncio.create_task(use())
        await waiting(second)
    assert await second is None


@pytest.fixture
def create(identity, monkeypatch):
    """`create("create-user", email, password)`: runs the command."""

    def run(command, email, password, *more):
        monkeypatch.setenv("CHAIRSIDE_ADMIN_PASSWORD", password)
        monkeypatch.setenv("CHAIRSIDE_USER_PASSWORD", password)
        return identity.run(command, "--email", email, "--name", "Somebody", *more)

    return run


async def test_an_administrator_is_made_once(identity, create, newcomer):
    email = newcomer()["email"]
    first = create("create-admin", email, "the first password")
    again = create("create-admin", email.upper(), "another password")
    assert (first.returncode, again.returncode) == (0, 0)
    assert first.stdout.split()[1] == again.stdout.split()[1]
    assert "made" in first.stdout
    assert "is there already" in again.stdout
    session = await identity.client().post("/v1/sessions", json={"email": email, "password": "the first password"})
    assert (session.json()["user"]["roles"], session.json()["user"]["kind"]) == (["admin"], "admin")


async def test_somebodys_account_is_not_made_an_administrators(identity, create, person):
    someone = await person()
    told = create("create-admin", someone.email, "a good password")
    assert told.returncode == 1
    assert "no administrator's" in told.stderr
    assert not await identity.sql("select * from user_role where user_id = $1", someone.id)


async def test_a_user_is_made_once(create, newcomer):
    email = newcomer()["email"]
    first = create("create-user", email, "the first password", "--phone", "+13175550142", "--time-zone", "America/Chicago")
    again = create("create-user", email, "the first password")
    assert first.stdout == f"{email} {first.stdout.split()[1]} made\n"
    assert again.stdout == f"{email} {first.stdout.split()[1]} is there already; nothing was changed\n"


def test_what_cannot_be_an_account_is_told_without_the_password(create):
    told = create("create-user", "nobody", "too short")
    assert told.returncode == 1
    assert "email:" in told.stderr
    assert "password:" in told.stderr
    assert "too short" not in told.stderr


async def test_the_password_can_be_piped_in(identity, newcomer):
    email = newcomer()["email"]
    told = await asyncio.create_subprocess_shell(
        f"echo 'piped in password' | {sys.executable} -m identity create-user --email {email} --name Somebody",
        env=os.environ | identity.env,
        stdout=asyncio.subprocess.PIPE,
    )
    assert b"made" in (await told.communicate())[0]
    assert (await identity.client().post("/v1/sessions", json={"email": email, "password": "piped in password"})).status_code == 201
