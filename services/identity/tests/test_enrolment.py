"""Administrators need a second factor: without one their session opens its enrolment, and nothing else anywhere (SPEC 3.10)."""

import base64
import json
import secrets
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import pytest_asyncio
from chassis.auth import TokenRefused, Verifier
from contracts.people import KINDS
from dev.processes import free_port

PASSWORD = "correct horse battery"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def strict(start_service):
    """An identity that was told nothing about administrators' factors."""
    port = free_port()
    own = {"CHAIRSIDE_PORT": str(port), "CHAIRSIDE_JWKS_URL": f"http://127.0.0.1:{port}/.well-known/jwks.json"}
    own |= {"CHAIRSIDE_SEALING_KEY": "a sealing key of the tests", "CHAIRSIDE_SERVICES_URL": "http://127.0.0.1:1/api/{service}"}
    return await start_service("identity", env=own, only="api")


@pytest.fixture
def administrator(strict, monkeypatch):
    """The address of a new administrator."""
    email = f"{secrets.token_hex(8)}@example.com"
    monkeypatch.setenv("CHAIRSIDE_ADMIN_PASSWORD", PASSWORD)
    assert strict.run("create-admin", "--email", email, "--name", "Ada Okafor").returncode == 0
    return email


async def sign_in(service, email):
    return await service.client().post("/v1/sessions", json={"email": email, "password": PASSWORD})


def code_of(secret, steps=0):
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30 * steps))


def claims_of(session):
    return json.loads(base64.urlsafe_b64decode(session["access_token"].split(".")[1] + "=="))


async def test_without_a_factor_only_its_enrolment_opens_and_with_it_everything(strict, administrator):
    session = (await sign_in(strict, administrator)).json()
    assert session["must_enroll"] is True
    client = strict.bearing(session["access_token"])
    for path in ("/v1/users", "/v1/audit", "/v1/clients", f"/v1/users/{session['user']['id']}"):
        refused = await client.get(path)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/scope-required"), path
    assert (await client.get("/v1/me")).json()["email"] == administrator
    secret = (await client.post("/v1/me/totp")).json()["secret"]
    assert (await client.post("/v1/me/totp/confirmation", json={"code": code_of(secret, -1)})).status_code == 200
    renewed = (await strict.client().post("/v1/sessions/refresh", json={"refresh_token": session["refresh_token"]})).json()
    assert renewed["must_enroll"] is False
    whole = strict.bearing(renewed["access_token"])
    assert (await whole.get("/v1/users")).status_code == 200
    refused = await whole.delete("/v1/me/totp")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/last-factor")
    challenged = (await sign_in(strict, administrator)).json()
    answer = {"challenge": challenged["challenge"], "code": code_of(secret)}
    complete = await strict.client().post("/v1/sessions/second-factor", json=answer)
    assert (complete.status_code, complete.json()["must_enroll"]) == (201, False)


async def test_the_narrowed_token_is_no_administrators_for_whoever_reads_it(strict, administrator):
    session = (await sign_in(strict, administrator)).json()
    claims = claims_of(session)
    assert (claims["kind"], claims["roles"], claims["scope"]) == ("student", [], "second-factor:enroll")
    verifier = Verifier(f"{strict.url}/.well-known/jwks.json", issuer="chairside", audience="chairside", kinds=KINDS)
    with pytest.raises(TokenRefused):
        await verifier.principal(session["access_token"])


async def test_a_refresh_alone_gives_no_more(strict, administrator):
    session = (await sign_in(strict, administrator)).json()
    renewed = (await strict.client().post("/v1/sessions/refresh", json={"refresh_token": session["refresh_token"]})).json()
    assert renewed["must_enroll"] is True
    assert (await strict.bearing(renewed["access_token"]).get("/v1/users")).status_code == 403


async def test_a_payroll_admin_needs_a_second_factor_as_well(strict):
    email = f"{secrets.token_hex(8)}@example.com"
    made = (await strict.client().post("/v1/users", json={"email": email, "name": "Pat Roll", "password": PASSWORD})).json()
    await strict.sql("insert into user_role (user_id, role) values ($1, 'payroll_admin')", made["id"])
    session = (await sign_in(strict, email)).json()
    assert (session["must_enroll"], claims_of(session)["kind"], claims_of(session)["roles"]) == (True, "student", [])


async def test_others_need_no_second_factor(strict):
    email = f"{secrets.token_hex(8)}@example.com"
    await strict.client().post("/v1/users", json={"email": email, "name": "Jordan Ellis", "password": PASSWORD})
    session = (await sign_in(strict, email)).json()
    assert session["must_enroll"] is False
    assert "scope" not in claims_of(session)


async def test_no_machine_client_is_given_the_scope_of_enrolment(admin):
    answer = await admin.client().post("/v1/clients", json={"name": "Sly", "scopes": ["second-factor:enroll"]})
    assert answer.status_code == 422


async def test_who_has_lost_every_factor_is_let_in_to_enroll_another(strict, administrator):
    session = (await sign_in(strict, administrator)).json()
    client = strict.bearing(session["access_token"])
    secret = (await client.post("/v1/me/totp")).json()["secret"]
    assert (await client.post("/v1/me/totp/confirmation", json={"code": code_of(secret)})).status_code == 200
    assert (await sign_in(strict, administrator)).json()["type"] == "/problems/second-factor-required"
    told = strict.run("remove-second-factors", "--email", administrator.upper())
    assert told.returncode == 0, told.stderr
    assert (await sign_in(strict, administrator)).json()["must_enroll"] is True
    of_them = "select true from audit_entry where action = 'second-factors.remove' and object_id = $1"
    noted = await strict.sql(of_them, session["user"]["id"])
    assert noted
    unknown = strict.run("remove-second-factors", "--email", "nobody@example.com")
    assert (unknown.returncode, "Nobody has the address" in unknown.stderr) == (1, True)
