"""Signing in, going on, signing out (SPEC 3.10)."""

import asyncio
import json
import time

import pytest
from chassis.sealing import Seal
from contracts.examples import example
from dev.harness import eventually, send
from identity.sealing import SIGNING_KEYS
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet


async def test_the_access_token_says_who_as_what_and_until_when(identity, person):
    someone = await person()
    assert someone.session["token_type"] == "Bearer"
    assert someone.session["expires_in"] == 600
    told = {name: someone.user[name] for name in ("id", "name", "email")}
    assert someone.session["user"] == told | {"roles": [], "kind": "student"}
    keys = (await identity.client().get("/.well-known/jwks.json")).json()
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in keys["keys"])
    token = jwt.decode(someone.session["access_token"], KeySet.import_key_set(keys), algorithms=["ES256"])
    claims = token.claims
    assert token.header["kid"] == keys["keys"][0]["kid"]
    assert (claims["iss"], claims["aud"], claims["sub"], claims["kind"], claims["roles"]) == (
        "chairside", "chairside", someone.user["id"], "student", [],
    )  # fmt: skip
    assert claims["exp"] == claims["iat"] + 600
    assert claims["sid"]
    assert claims["jti"]
    assert (await someone.client().get("/v1/me")).json()["id"] == someone.user["id"]


async def test_unknown_account_and_wrong_password_get_one_and_the_same_refusal(identity, person):
    someone = await person()
    client = identity.client()
    wrong = await client.post("/v1/sessions", json={"email": someone.email, "password": "not the password"})
    unknown = await client.post("/v1/sessions", json={"email": "nobody@example.com", "password": "not the password"})
    assert wrong.status_code == unknown.status_code == 401
    first, second = wrong.json(), unknown.json()
    assert first.pop("trace_id") != second.pop("trace_id")
    assert first == second
    assert first["type"] == "/problems/sign-in-refused"


async def test_a_closed_account_is_refused_the_same_way_and_its_session_does_not_go_on(identity, person):
    someone = await person()
    await identity.sql("update user_account set status = 'deactivated' where user_id = $1", someone.id)
    answer = await identity.client().post("/v1/sessions", json={"email": someone.email, "password": someone.password})
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/sign-in-refused")
    assert (await someone.refresh()).json()["type"] == "/problems/session-over"


async def test_the_address_is_found_whatever_its_case(person):
    someone = await person()
    someone.email = f"  {someone.email.upper()} "
    assert (await someone.sign_in())["user"]["id"] == someone.user["id"]


async def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(identity, person):
    someone = await person()
    first = someone.session["refresh_token"]
    second = (await someone.refresh()).json()["refresh_token"]
    assert second != first
    reused = await someone.refresh(first)
    assert (reused.status_code, reused.json()["type"]) == (401, "/problems/session-over")
    rightful = await someone.refresh(second)
    assert rightful.json()["type"] == "/problems/session-over"
    ended = await identity.sql("select * from session where user_id = $1", someone.id)
    assert ended[0]["ended_because"] == "refresh token reused"
    noted = await identity.sql("select after from audit_entry where action = 'session.end' and subject_id = $1", someone.id)
    assert [json.loads(row["after"]) for row in noted] == [{"because": "refresh token reused"}]


async def test_of_two_refreshes_at_once_one_goes_on_and_the_session_ends(identity, person):
    someone = await person()
    answers = await asyncio.gather(*(someone.refresh() for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 401]
    ended = await identity.sql("select ended_because from session where user_id = $1", someone.id)
    assert ended[0]["ended_because"] == "refresh token reused"


async def test_an_expired_or_made_up_refresh_token_is_refused(identity, person):
    someone = await person()
    await identity.sql(
        "update refresh_token set expires_at = now() where session_id = (select session_id from session where user_id = $1)", someone.id
    )
    assert (await someone.refresh()).json()["type"] == "/problems/session-over"
    assert (await someone.refresh("made up")).json()["type"] == "/problems/session-over"
    assert (await identity.sql("select ended_at from session where user_id = $1", someone.id))[0]["ended_at"] is None


async def test_signing_out_ends_this_session_and_no_other(person):
    someone = await person()
    other = someone.session
    await someone.sign_in()
    answer = await someone.client().delete("/v1/sessions/current")
    assert (answer.status_code, answer.content, answer.headers.get("content-type")) == (204, b"", None)
    assert (await someone.client().delete("/v1/sessions/current")).status_code == 204
    assert (await someone.refresh()).status_code == 401
    assert (await someone.refresh(other["refresh_token"])).status_code == 200


async def test_roles_are_read_anew_at_each_refresh(identity, person, kafka):
    someone = await person()
    await send(kafka, "onboarding", example("partner.activated").model_copy(update={"user_id": someone.id}))
    await eventually(lambda: identity.sql("select * from user_role where user_id = $1", someone.id))
    user = (await someone.refresh()).json()["user"]
    assert (user["roles"], user["kind"]) == (["program_holder"], "partner")


async def test_tokens_and_passwords_are_stored_only_as_hashes(identity, newcomer):
    body = newcomer(password="a password to look for")
    headers = {"Idempotency-Key": body["email"]}
    await identity.client().post("/v1/users", json=body, headers=headers)
    sign_in = {"email": body["email"], "password": body["password"]}
    session = (await identity.client().post("/v1/sessions", json=sign_in, headers=headers)).json()
    tables = await identity.sql("select table_name from information_schema.tables where table_schema = 'public'")
    for table in (row["table_name"] for row in tables):
        held = " ".join(row[0] for row in await identity.sql(f'select cast(t as text) from "{table}" t'))
        assert body["password"] not in held
        assert session["refresh_token"] not in held
        assert session["access_token"] not in held
    parameters = await identity.sql("select password_hash from credential order by changed_at desc limit 1")
    assert parameters[0]["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize("forged", ["another key", "no signature", "another audience", "kind system"])
async def test_a_token_that_identity_did_not_issue_is_refused(identity, person, forged):
    someone = await person()
    now = int(time.time())
    claims = {"iss": "chairside", "aud": "chairside", "sub": someone.user["id"], "kind": "admin", "roles": ["admin"], "exp": now + 600}
    kid = (await identity.client().get("/.well-known/jwks.json")).json()["keys"][0]["kid"]
    key = ECKey.generate_key("P-256")
    if forged in ("another audience", "kind system"):
        stored = await identity.sql("select private_jwk from signing_key where kid = $1", kid)
        key = ECKey.import_key(json.loads(Seal((identity.env["CHAIRSIDE_SEALING_KEY"],), SIGNING_KEYS).open(stored[0]["private_jwk"])))
        claims |= {"aud": "elsewhere"} if forged == "another audience" else {"kind": "system"}
    token = jwt.encode({"alg": "ES256", "kid": kid}, claims, key, algorithms=["ES256"])
    if forged == "no signature":
        token = token.rpartition(".")[0] + "."
    answer = await identity.bearing(token).get("/v1/users")
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/token-refused")


async def test_one_lists_ones_own_sessions_page_by_page_and_ends_one(identity, person):
    someone, other = await person(), await person()
    first = someone.session
    client = someone.client()
    client.headers.update({"User-Agent": "a phone", "X-Forwarded-For": "203.0.113.7"})
    await client.post("/v1/sessions/refresh", json={"refresh_token": first["refresh_token"]})
    await someone.sign_in()
    newest = someone.client()
    pages = [(await newest.get("/v1/sessions", params={"limit": 1})).json()]
    pages.append((await newest.get("/v1/sessions", params={"limit": 1, "cursor": pages[0]["next_cursor"]})).json())
    (now,), (before,) = (each["items"] for each in pages)
    assert (now["current"], before["current"], pages[1]["next_cursor"]) == (True, False, None)
    assert (before["ip"], before["user_agent"]) == ("203.0.113.7", "a phone")
    assert before["last_used_at"] > before["started_at"]
    [foreign] = (await other.client().get("/v1/sessions")).json()["items"]
    hidden = await newest.delete(f"/v1/sessions/{foreign['id']}")
    assert (hidden.status_code, hidden.json()["type"]) == (404, "/problems/session-not-found")
    for _ in range(2):
        assert (await newest.delete(f"/v1/sessions/{before['id']}")).status_code == 204
    assert [each["id"] for each in (await newest.get("/v1/sessions")).json()["items"]] == [now["id"]]
    noted = await identity.sql("select after from audit_entry where action = 'session.end' and subject_id = $1", someone.id)
    assert [json.loads(row["after"]) for row in noted] == [{"because": "ended from another session"}]
    assert (await other.refresh()).status_code == 200


async def test_sessions_that_are_too_old_to_go_on_are_not_listed(identity, person):
    someone = await person()
    await identity.sql("update session set last_used_at = now() - interval '31 days' where user_id = $1", someone.id)
    assert (await someone.client().get("/v1/sessions")).json()["items"] == []


async def test_signing_out_everywhere_else_leaves_the_session_that_asks_and_nobody_elses(person):
    someone, other = await person(), await person()
    before = [someone.session, await someone.sign_in()]
    await someone.sign_in()
    assert (await someone.client().delete("/v1/sessions")).status_code == 204
    assert [(await someone.refresh(each["refresh_token"])).status_code for each in before] == [401, 401]
    assert (await someone.refresh()).status_code == 200
    assert (await other.refresh()).status_code == 200


async def test_an_administrator_ends_all_sessions_of_a_person_and_nobody_else_does(identity, admin, person):
    someone, other = await person(), await person()
    path = f"/v1/users/{someone.id}/sessions"
    assert (await other.client().delete(path)).status_code == 403
    assert (await someone.refresh()).status_code == 200
    assert (await admin.client().delete("/v1/users/00000000-0000-0000-0000-000000000000/sessions")).status_code == 404
    await someone.sign_in()
    assert (await admin.client().delete(path)).status_code == 204
    assert (await someone.refresh()).status_code == 401
    assert (await admin.client().get("/v1/sessions")).json()["items"]
    ended = await identity.sql("select ended_because from session where user_id = $1", someone.id)
    assert {row["ended_because"] for row in ended} == {"ended by an administrator"}
    noted = await identity.sql("select actor from audit_entry where action = 'session.end' and subject_id = $1", someone.id)
    assert {row["actor"] for row in noted} == {admin.user["id"]}


async def test_a_list_of_sessions_shows_only_ones_own_to_an_administrator_too(admin, person):
    [others] = (await (await person()).client().get("/v1/sessions")).json()["items"]
    listed = (await admin.client().get("/v1/sessions", params={"limit": 500})).json()["items"]
    assert len([each for each in listed if each["current"]]) == 1
    assert others["id"] not in {each["id"] for each in listed}
