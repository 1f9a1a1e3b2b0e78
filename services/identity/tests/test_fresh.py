"""What cannot be undone, or would shut the owner out, takes a session that has just begun: a copied token is not enough (SPEC 3.10)."""

import pytest
from dev.authenticator import Authenticator
from links import kind_of
from test_passkeys import ORIGIN

LATE = (403, "sign-in-again")
AGE = "update session set started_at = started_at - interval '11 minutes' where user_id = $1"


@pytest.fixture
def late(identity, person):
    """`await late()`: somebody whose session began eleven minutes ago, and was refreshed since."""

    async def make():
        someone = await person()
        await identity.sql(AGE, someone.id)
        someone.session = (await someone.refresh()).json()
        return someone

    return make


@pytest.mark.parametrize("path", ["/v1/me/totp", "/v1/me/passkeys/options"])
async def test_the_first_factor_is_added_by_who_has_just_signed_in(late, path):
    someone = await late()
    assert kind_of(await someone.client().post(path)) == LATE
    await someone.sign_in()
    assert (await someone.client().post(path)).status_code in (200, 201)


async def test_a_passkey_that_was_begun_in_time_is_not_registered_too_late(identity, person):
    someone = await person()
    options = (await someone.client().post("/v1/me/passkeys/options")).json()
    await identity.sql(AGE, someone.id)
    body = {"name": "Phone", "credential": Authenticator(ORIGIN).create(options)}
    assert kind_of(await someone.client().post("/v1/me/passkeys", json=body)) == LATE


async def test_where_a_factor_is_there_its_proof_counts_and_not_the_time(identity, person):
    someone = await person()
    options = (await someone.client().post("/v1/me/passkeys/options")).json()
    body = {"name": "Phone", "credential": Authenticator(ORIGIN).create(options)}
    assert (await someone.client().post("/v1/me/passkeys", json=body)).status_code == 201
    await identity.sql(AGE, someone.id)
    assert (await someone.client().post("/v1/me/totp")).status_code == 201


async def test_an_account_is_erased_by_who_has_just_signed_in(identity, late):
    someone = await late()
    path = f"/v1/users/{someone.id}/erasure"
    assert kind_of(await someone.client().post(path)) == LATE
    assert (await someone.client().get("/v1/me")).json()["status"] == "active"
    await someone.sign_in()
    assert (await someone.client().post(path)).status_code == 202


async def test_an_administrator_erases_nobody_by_an_old_session(identity, admin, person):
    someone = await person()
    await identity.sql(AGE, admin.id)
    assert kind_of(await admin.client().post(f"/v1/users/{someone.id}/erasure")) == LATE
    assert (await someone.client().get("/v1/me")).status_code == 200
