"""Which ended sessions identity tells, and that it keeps to its own word (decision 11)."""

import pytest
from dev.harness import eventually


async def told(identity):
    return (await identity.client().get("/.well-known/revoked-sessions")).json()["revoked"]


async def session_of(identity, person):
    rows = await identity.sql("select session_id from session where user_id = $1 order by started_at desc limit 1", person.id)
    return str(rows[0]["session_id"])


async def test_an_administrators_ended_session_is_told_and_its_token_refused(identity, admin):
    other = await admin.sign_in()
    await admin.sign_in()
    session, client = await session_of(identity, admin), admin.client()
    assert session not in await told(identity)
    assert (await client.delete("/v1/sessions/current")).status_code == 204
    assert session in await told(identity)

    async def refused():
        answer = await client.get("/v1/users")
        return answer.status_code == 401 and answer.json()["type"]

    assert await eventually(refused) == "/problems/session-ended"
    assert (await admin.client(other["access_token"]).get("/v1/users")).status_code == 200


async def test_a_session_is_told_for_as_long_as_a_token_of_its_can_be_good(identity, admin):
    session = await session_of(identity, admin)
    await admin.client().delete("/v1/sessions/current")
    for minutes, there in ((10, True), (16, False)):
        await identity.sql(f"update session set ended_at = now() - interval '{minutes} minutes' where session_id::text = $1", session)
        assert (session in await told(identity)) is there


async def test_others_sessions_are_not_told_until_they_carry_an_administrators_token(identity, person):
    someone = await person()
    session = await session_of(identity, someone)
    await identity.sql("insert into user_role (user_id, role) values ($1, 'admin')", someone.id)
    await someone.client().delete("/v1/sessions/current")
    assert session not in await told(identity)
    await someone.sign_in()
    raised = await session_of(identity, someone)
    await someone.client().delete("/v1/sessions/current")
    assert raised in await told(identity)


@pytest.mark.parametrize("how", ["another administrator", "closed", "password"])
async def test_an_administrators_session_is_told_by_whatever_it_ended(identity, admin, person, how):
    someone = await person()
    await identity.sql("insert into user_role (user_id, role) values ($1, 'admin')", someone.id)
    await someone.sign_in()
    session = await session_of(identity, someone)
    if how == "another administrator":
        answer = await admin.client().delete(f"/v1/users/{someone.id}/sessions")
    elif how == "closed":
        answer = await admin.client().post(f"/v1/users/{someone.id}/deactivation")
    else:
        await someone.sign_in()
        body = {"present": someone.password, "password": "a long phrase that is new"}
        answer = await someone.client().put("/v1/me/password", json=body)
    assert answer.is_success, answer.text
    assert session in await told(identity)
