"""Authenticator apps, recovery codes, and signing in with a second factor (SPEC 3.10, RFC 6238)."""

import asyncio
import base64
import json
import time
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from chassis.sealing import Seal
from identity.sealing import TOTP_SECRETS
from links import NEW, RESET, completes


def code_of(secret, steps=0):
    """What the app shows, `steps` time steps from now."""
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30 * steps))


def claims_of(session):
    return json.loads(base64.urlsafe_b64decode(session["access_token"].split(".")[1] + "=="))


class App:
    """An authenticator app that somebody enrolled."""

    def __init__(self, person, secret, codes):
        self.person, self.secret, self.recovery_codes = person, secret, codes
        self.client = person.service.client()

    async def password(self):
        return await self.client.post("/v1/sessions", json={"email": self.person.email, "password": self.person.password})

    async def answer(self, code, challenge=None):
        challenge = challenge or (await self.password()).json()["challenge"]
        return await self.client.post("/v1/sessions/second-factor", json={"challenge": challenge, "code": code})


@pytest.fixture
def enrolled(person):
    """`await enrolled()`: somebody with a confirmed app, whose code of the step before this one was the confirmation."""

    async def make():
        someone = await person()
        client = someone.client()
        begun = (await client.post("/v1/me/totp")).json()
        confirmed = await client.post("/v1/me/totp/confirmation", json={"code": code_of(begun["secret"], -1)})
        assert confirmed.status_code == 200, confirmed.text
        return App(someone, begun["secret"], confirmed.json()["recovery_codes"])

    return make


async def test_the_app_is_told_whose_it_is_and_counts_once_confirmed(person):
    someone = await person()
    client = someone.client()
    begun = await client.post("/v1/me/totp")
    told = begun.json()
    assert (begun.status_code, begun.headers["cache-control"]) == (201, "no-store")
    assert pyotp.parse_uri(told["uri"]).secret == told["secret"]
    assert pyotp.parse_uri(told["uri"]).name == someone.email
    await someone.sign_in()
    wrong = await client.post("/v1/me/totp/confirmation", json={"code": code_of(told["secret"], 100)})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/code-wrong")
    right = await client.post("/v1/me/totp/confirmation", json={"code": code_of(told["secret"])})
    assert len(set(right.json()["recovery_codes"])) == 10
    again = await client.post("/v1/me/totp/confirmation", json={"code": code_of(told["secret"], 1)})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/totp-there")


async def test_a_confirmation_of_nothing_is_refused(person):
    client = (await person()).client()
    nothing = await client.post("/v1/me/totp/confirmation", json={"code": "123456"})
    assert (nothing.status_code, nothing.json()["type"]) == (409, "/problems/totp-not-begun")
    assert (await client.delete("/v1/me/totp")).json()["type"] == "/problems/totp-not-found"
    assert (await client.post("/v1/me/totp/confirmation", json={"code": "12345x"})).status_code == 422


async def test_the_password_alone_gives_a_challenge_and_the_code_a_session(enrolled):
    app = await enrolled()
    first = await app.password()
    told = first.json()
    assert (first.status_code, told["type"]) == (401, "/problems/second-factor-required")
    assert (told["factors"], told["expires_in"], first.headers["cache-control"]) == (["recovery_code", "totp"], 300, "no-store")
    assert "access_token" not in told
    second = await app.answer(code_of(app.secret), told["challenge"])
    assert second.status_code == 201, second.text
    assert set(claims_of(second.json())["amr"]) == {"pwd", "otp", "mfa"}
    assert (await app.person.client(second.json()["access_token"]).get("/v1/me")).status_code == 200
    renewed = await app.person.refresh(second.json()["refresh_token"])
    assert set(claims_of(renewed.json())["amr"]) == {"pwd", "otp", "mfa"}
    assert claims_of(app.person.session)["amr"] == ["pwd"]


async def test_a_code_is_good_once(enrolled):
    app = await enrolled()
    code = code_of(app.secret)
    assert (await app.answer(code)).status_code == 201
    again = await app.answer(code)
    assert (again.status_code, again.json()["type"]) == (401, "/problems/second-factor-refused")
    assert (await app.answer(code_of(app.secret, -1))).status_code == 401


async def test_a_challenge_is_good_once_and_for_five_minutes(identity, enrolled):
    app = await enrolled()
    challenge = (await app.password()).json()["challenge"]
    assert (await app.answer(app.recovery_codes[0], challenge)).status_code == 201
    assert (await app.answer(app.recovery_codes[1], challenge)).json()["type"] == "/problems/challenge-over"
    late = (await app.password()).json()["challenge"]
    await identity.sql("update sign_in_challenge set expires_at = now() where used_at is null and user_id = $1", app.person.id)
    assert (await app.answer(app.recovery_codes[1], late)).json()["type"] == "/problems/challenge-over"
    assert (await app.answer(app.recovery_codes[1], "made up")).json()["type"] == "/problems/challenge-over"


async def test_of_two_who_race_for_one_recovery_code_one_wins(enrolled):
    app = await enrolled()
    challenges = [(await app.password()).json()["challenge"] for _ in range(4)]
    answers = await asyncio.gather(*(app.answer(app.recovery_codes[0], challenge) for challenge in challenges))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401]


async def test_of_two_who_race_for_one_code_of_the_app_one_wins(enrolled):
    app = await enrolled()
    challenges = [(await app.password()).json()["challenge"] for _ in range(4)]
    code = code_of(app.secret)
    answers = await asyncio.gather(*(app.answer(code, challenge) for challenge in challenges))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401]


async def test_a_recovery_code_is_taken_as_it_is_typed_and_is_nobody_elses(enrolled):
    app, other = await enrolled(), await enrolled()
    assert (await app.answer(other.recovery_codes[0])).status_code == 401
    typed = app.recovery_codes[0].replace("-", " ").upper()
    answer = await app.answer(typed)
    assert set(claims_of(answer.json())["amr"]) == {"pwd", "recovery", "mfa"}


async def test_codes_cannot_be_tried_for_ever(identity, enrolled):
    app = await enrolled()
    for _ in range(10):
        assert (await app.answer(code_of(app.secret, 100))).status_code == 401
    refused = await app.answer(code_of(app.secret))
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many-codes")
    await identity.sql("update sign_in_challenge set begun_at = now() - interval '16 minutes' where user_id = $1", app.person.id)
    assert (await app.answer(code_of(app.secret))).status_code == 201


async def test_a_session_without_the_second_factor_does_not_touch_it(person):
    someone = await person()
    older = someone.client()
    await someone.sign_in()
    client = someone.client()
    secret = (await client.post("/v1/me/totp")).json()["secret"]
    await client.post("/v1/me/totp/confirmation", json={"code": code_of(secret)})
    for method in ("POST", "DELETE"):
        refused = await older.request(method, "/v1/me/totp")
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/second-factor-needed")
    assert (await client.post("/v1/me/totp")).json()["type"] == "/problems/totp-there"
    assert (await client.delete("/v1/me/totp")).status_code == 204
    assert (await someone.sign_in())["user"]["id"] == someone.user["id"]


async def test_secrets_are_sealed_and_codes_hashed(identity, enrolled):
    app = await enrolled()
    (row,) = await identity.sql("select sealed_secret from totp where user_id = $1", app.person.id)
    assert Seal((identity.env["CHAIRSIDE_SEALING_KEY"],), TOTP_SECRETS).open(row["sealed_secret"]) == app.secret
    challenge = (await app.password()).json()["challenge"]
    secrets = {app.secret, challenge, *app.recovery_codes, *(code.replace("-", "") for code in app.recovery_codes)}
    tables = await identity.sql("select table_name from information_schema.tables where table_schema = 'public'")
    for table in (row["table_name"] for row in tables):
        held = " ".join(row[0] for row in await identity.sql(f'select cast(t as text) from "{table}" t'))
        assert not any(secret in held or secret.encode().hex() in held for secret in secrets), table
    assert not any(secret in identity.log.read_text() for secret in secrets)


async def test_a_new_password_ends_sign_ins_that_wait_for_a_code(enrolled, asks, mails, identity):
    app = await enrolled()
    challenge = (await app.password()).json()["challenge"]
    changed = await app.person.client().put("/v1/me/password", json={"present": app.person.password, "password": NEW})
    assert changed.status_code == 204, changed.text
    assert (await app.answer(app.recovery_codes[0], challenge)).json()["type"] == "/problems/challenge-over"
    app.person.password = NEW
    challenge = (await app.password()).json()["challenge"]
    await asks(app.person.email)
    [mail] = await mails(app.person, RESET)
    assert (await completes(identity, mail.data["token"], "yet another long phrase")).status_code == 204
    assert (await app.answer(app.recovery_codes[0], challenge)).json()["type"] == "/problems/challenge-over"


async def test_a_right_password_counts_as_no_attempt_although_a_code_is_still_to_come(enrolled):
    app = await enrolled()
    for _ in range(15):
        assert (await app.password()).json()["type"] == "/problems/second-factor-required"


async def test_a_closed_account_completes_no_sign_in(identity, enrolled):
    app = await enrolled()
    challenge = (await app.password()).json()["challenge"]
    await identity.sql("update user_account set status = 'deactivated' where user_id = $1", app.person.id)
    assert (await app.answer(code_of(app.secret), challenge)).json()["type"] == "/problems/challenge-over"


async def test_who_signs_in_by_password_alone_as_before_says_so(person):
    session = await (await person()).sign_in()
    assert claims_of(session)["amr"] == ["pwd"]
    assert claims_of(session)["iat"] <= time.time()
