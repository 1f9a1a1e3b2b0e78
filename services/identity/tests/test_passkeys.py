"""Passkeys, made and used by an authenticator in software (SPEC 3.10, WebAuthn)."""

import asyncio
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from dev.authenticator import PRESENT, VERIFIED, Authenticator, b64, unb64

ORIGIN = "https://chairside.example"


async def options(client, path):
    answer = await client.post(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), answer.text
    return answer.json()


async def register(client, device, name="Phone"):
    credential = device.create(await options(client, "/v1/me/passkeys/options"))
    return await client.post("/v1/me/passkeys", json={"name": name, "credential": credential})


async def sign_in(client, device, **bent):
    credential = device.get(await options(client, "/v1/sessions/passkey/options"), **bent)
    return await client.post("/v1/sessions/passkey", json={"credential": credential})


@pytest.fixture
def holder(person):
    """`await holder()`: somebody, and the device with their passkey."""

    async def make():
        someone, device = await person(), Authenticator(ORIGIN)
        made = await register(someone.client(), device)
        assert made.status_code == 201, made.text
        return someone, device

    return make


async def test_a_passkey_signs_in_without_a_password_as_two_factors(identity, holder):
    someone, device = await holder()
    answer = await sign_in(identity.client(), device)
    assert answer.status_code == 201, answer.text
    claims = json.loads(unb64(answer.json()["access_token"].split(".")[1]))
    assert (claims["sub"], claims["amr"]) == (someone.user["id"], ["pop", "user", "mfa"])
    (listed,) = (await someone.client().get("/v1/me/passkeys")).json()["items"]
    assert (listed["id"], listed["name"], listed["used_at"] is not None) == (b64(device.id), "Phone", True)


async def test_with_a_passkey_the_password_alone_gives_no_session(identity, holder):
    someone, _ = await holder()
    answer = await identity.client().post("/v1/sessions", json={"email": someone.email, "password": someone.password})
    assert (answer.status_code, answer.json()["factors"]) == (401, ["passkey", "recovery_code"])


async def test_recovery_codes_come_with_the_first_factor_alone(identity, person):
    someone = await person()
    client = someone.client()
    first, second = [(await register(client, Authenticator(ORIGIN))).json()["recovery_codes"] for _ in range(2)]
    assert (len(first), second) == (10, None)
    challenge = await client.post("/v1/sessions", json={"email": someone.email, "password": someone.password})
    answer = await client.post("/v1/sessions/second-factor", json={"challenge": challenge.json()["challenge"], "code": first[0]})
    assert answer.status_code == 201


async def test_a_counter_that_goes_back_is_refused(identity, holder):
    _, device = await holder()
    device.count = 10
    assert (await sign_in(identity.client(), device)).status_code == 201
    device.count = 5
    copied = await sign_in(identity.client(), device)
    assert (copied.status_code, copied.json()["type"]) == (401, "/problems/passkey-refused")
    device.count = 11
    assert (await sign_in(identity.client(), device)).status_code == 201


async def test_a_challenge_is_good_once_though_two_race_for_it(identity, holder):
    _, device = await holder()
    client = identity.client()
    asked = await options(client, "/v1/sessions/passkey/options")
    credentials = [device.get(asked) for _ in range(4)]
    answers = await asyncio.gather(*(client.post("/v1/sessions/passkey", json={"credential": one}) for one in credentials))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401]


async def test_a_challenge_is_good_for_five_minutes_and_for_what_it_was_made_for(identity, holder, person):
    _, device = await holder()
    client = identity.client()
    late = device.get(await options(client, "/v1/sessions/passkey/options"))
    await identity.sql("update passkey_challenge set expires_at = now()")
    for_registration = device.get(await options((await person()).client(), "/v1/me/passkeys/options"))
    for credential in (late, for_registration):
        assert (await client.post("/v1/sessions/passkey", json={"credential": credential})).json()["type"] == "/problems/passkey-refused"
    other = (await person()).client()
    anothers = Authenticator(ORIGIN).create(await options(other, "/v1/me/passkeys/options"))
    mine = (await person()).client()
    refused = await mine.post("/v1/me/passkeys", json={"name": "Taken", "credential": anothers})
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/passkey-not-usable")


@pytest.mark.parametrize(
    "bend",
    [
        {"origin": "https://chairside.example.evil.test"},
        {"site": "evil.test"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"id": b"unknown" * 5},
        {"key": ec.generate_private_key(ec.SECP256R1())},
    ],
)
async def test_what_is_not_from_here_or_not_verified_signs_nobody_in(identity, holder, bend):
    _, device = await holder()
    for name, value in bend.items():
        setattr(device, name, value)
    answer = await sign_in(identity.client(), device)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/passkey-refused")


@pytest.mark.parametrize("bend", [{"origin": "https://evil.test"}, {"site": "evil.test"}, {"flags": PRESENT}])
async def test_what_is_not_from_here_or_not_verified_becomes_no_passkey(person, bend):
    device = Authenticator(ORIGIN)
    for name, value in bend.items():
        setattr(device, name, value)
    answer = await register((await person()).client(), device)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/passkey-not-usable")


async def test_a_passkey_is_one_persons(identity, holder, person):
    someone, device = await holder()
    again = await register((await person()).client(), device)
    assert (again.status_code, again.json()["type"]) == (422, "/problems/passkey-not-usable")
    other = (await person()).client()
    refused = await other.delete(f"/v1/me/passkeys/{b64(device.id)}")
    assert (refused.status_code, refused.json()["type"]) == (404, "/problems/passkey-not-found")
    assert (await other.get("/v1/me/passkeys")).json()["items"] == []
    assert (await sign_in(identity.client(), device)).json()["user"]["id"] == someone.user["id"]


async def test_it_is_removed_in_a_session_with_a_second_factor_and_signs_nobody_in_then(identity, holder):
    someone, device = await holder()
    path = f"/v1/me/passkeys/{b64(device.id)}"
    await identity.sql("update session set methods = '{pwd}' where user_id = $1", someone.id)
    assert (await someone.client().delete(path)).json()["type"] == "/problems/second-factor-needed"
    proven = (await sign_in(identity.client(), device)).json()["access_token"]
    assert (await someone.client(proven).delete(path)).status_code == 204
    assert (await sign_in(identity.client(), device)).json()["type"] == "/problems/passkey-refused"
    assert (await someone.sign_in())["user"]["id"] == someone.user["id"]


async def test_a_closed_accounts_passkey_is_refused(identity, holder):
    someone, device = await holder()
    await identity.sql("update user_account set status = 'deactivated' where user_id = $1", someone.id)
    assert (await sign_in(identity.client(), device)).json()["type"] == "/problems/passkey-refused"


def broken(credential):
    yield {}
    yield {"id": 1, "rawId": None, "type": [], "response": "x"}
    for name in ("clientDataJSON", "authenticatorData", "signature", "attestationObject"):
        if name in credential["response"]:
            for bad in ("", "!", b64(b"\xff\x00{"), b64(b"[]"), b64(b"{}"), 7, None):
                yield credential | {"response": credential["response"] | {name: bad}}
    yield credential | {"type": "password"}
    yield credential | {"rawId": b64(b"another")}


async def test_nonsense_is_refused_and_no_fault(identity, holder, person):
    _, device = await holder()
    client, mine = identity.client(), (await person()).client()
    for credential in broken(device.get(await options(client, "/v1/sessions/passkey/options"))):
        assert (await client.post("/v1/sessions/passkey", json={"credential": credential})).status_code == 401, credential
    for credential in broken(Authenticator(ORIGIN).create(await options(mine, "/v1/me/passkeys/options"))):
        assert (await mine.post("/v1/me/passkeys", json={"name": "A", "credential": credential})).status_code == 422, credential
    for nonsense in ("!", "a", "\u00e9"):
        assert (await mine.delete(f"/v1/me/passkeys/{nonsense}")).status_code in (404, 422)
