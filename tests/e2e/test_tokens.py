"""Every service checks every token itself: signature, end, issuer, audience, kind (SPEC 3.10)."""

import asyncio
import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from dev.demo.stage import Person, Stage
from dev.live import Live
from dev.stack import SERVICES
from joserfc import jwt
from joserfc.jwk import ECKey

from . import looking, people

EVERY = pytest.mark.parametrize("service", [one.name for one in SERVICES])
DOORS = {
    "identity": "/v1/me",
    "onboarding": "/v1/enrollments",
    "milady-sync": "/v1/provisionings",
    "skills": "/v1/entries",
    "compliance": "/v1/hours",
    "messaging": "/v1/notifications",
    "portal": "/v1/alerts",
}


@dataclass(frozen=True)
class Forger:
    """Holds identity's own signing key, so that a token is wrong in one respect at a time."""

    person: Person
    key: ECKey
    kid: str

    def token(self, *, key: Any = None, header: dict[str, Any] | None = None, without: str = "", **claims: Any) -> str:
        """A token that is good but for what is said."""
        now = int(time.time())
        good = {"iss": "chairside", "aud": "chairside", "sub": self.person.id, "kind": "student", "roles": [], "iat": now, "exp": now + 300}
        told = {name: value for name, value in (good | claims).items() if name != without}
        head = {"alg": "ES256", "kid": self.kid, "typ": "JWT", **(header or {})}
        return jwt.encode(head, told, key or self.key, algorithms=["ES256"])

    def tampered(self) -> str:
        """Another payload under a good signature."""
        head, _, signature = self.token().split(".")
        _, payload, _ = self.token(kind="admin", roles=["admin"]).split(".")
        return f"{head}.{payload}.{signature}"

    def unsigned(self) -> str:
        """With the algorithm `none` and no signature."""
        head = _base64(json.dumps({"alg": "none", "typ": "JWT"}).encode())
        return f"{head}.{self.token().split('.')[1]}."

    def with_the_public_key_as_secret(self) -> str:
        """Signed by HMAC with what everyone can read; a verifier that believes the header's algorithm takes it."""
        _, payload, _ = self.token().split(".")
        signed = f"{_base64(json.dumps({'alg': 'HS256', 'kid': self.kid, 'typ': 'JWT'}).encode())}.{payload}"
        return f"{signed}.{_base64(hmac.digest(self.key.as_pem(private=False), signed.encode(), hashlib.sha256))}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def forger(live: Live, stage: Stage) -> Forger:
    (row,) = await looking.rows(live.stack, "identity", "select kid, private_jwk from signing_key order by created_at desc limit 1")
    return Forger(await people.somebody(stage, "Holder"), ECKey.import_key(json.loads(row["private_jwk"])), row["kid"])


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def wrong_tokens(forger: Forger) -> dict[str, str]:
    """Tokens that are each wrong in one respect, by what is wrong with them."""
    stranger = ECKey.generate_key("P-256")
    return {
        "tampered with": forger.tampered(),
        "signed by another": forger.token(key=stranger),
        "signed by another with a key id of its own": forger.token(key=stranger, header={"kid": "mine"}),
        "signed with the public key as a secret": forger.with_the_public_key_as_secret(),
        "not signed": forger.unsigned(),
        "for another audience": forger.token(aud="somebody-else"),
        "of another issuer": forger.token(iss="somebody-else"),
        "of the system": forger.token(kind="system"),
        "of a kind that there is not": forger.token(kind="superuser"),
        "of nobody": forger.token(without="sub"),
        "for no audience": forger.token(without="aud"),
        "without end": forger.token(without="exp"),
        "no token at all": "nonsense",
    }


async def ask(live: Live, service: str, token: str | None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    async with httpx.AsyncClient(base_url=live.url, timeout=30, headers=headers) as client:
        return await client.get(f"/api/{service}{DOORS[service]}")


def refused(answer: httpx.Response) -> str:
    """The kind of problem, if it is a refusal that tells a client what to do."""
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["type"])


@EVERY
async def test_a_good_token_opens(live: Live, forger: Forger, service: str) -> None:
    answer = await ask(live, service, forger.token())
    assert answer.status_code == 200, answer.text


@EVERY
async def test_without_a_token_nothing_opens(live: Live, service: str) -> None:
    assert refused(await ask(live, service, None)) == "/problems/sign-in-required"


@EVERY
async def test_an_expired_token_says_that_it_is_to_be_refreshed(live: Live, forger: Forger, service: str) -> None:
    assert refused(await ask(live, service, forger.token(exp=int(time.time()) - 1))) == "/problems/token-expired"


@EVERY
async def test_a_token_opens_until_it_ends_and_not_beyond(live: Live, forger: Forger, service: str) -> None:
    """Services remember whom a token spoke for; they must not remember it for longer than it is good."""
    end = int(time.time()) + 2
    token = forger.token(exp=end)
    await ask(live, service, token)
    await asyncio.sleep(end - time.time() + 0.01)
    assert refused(await ask(live, service, token)) == "/problems/token-expired"


@EVERY
async def test_every_wrong_token_is_refused(live: Live, forger: Forger, service: str) -> None:
    told = {what: refused(await ask(live, service, token)) for what, token in wrong_tokens(forger).items()}
    assert told == dict.fromkeys(told, "/problems/token-refused")
