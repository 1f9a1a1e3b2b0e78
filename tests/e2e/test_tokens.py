"""Every service checks every token itself: signature, end, issuer, audience, kind (SPEC 3.10)."""

import asyncio
import time

import httpx
import pytest
import pytest_asyncio
from dev.demo.stage import Stage
from dev.live import Live
from dev.stack import SERVICES

from . import forging, people
from .forging import Forger, another_key

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


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def forger(live: Live, stage: Stage) -> Forger:
    return await forging.forger(live, await people.somebody(stage, "Holder"))


def wrong_tokens(forger: Forger) -> dict[str, str]:
    """Tokens that are each wrong in one respect, by what is wrong with them."""
    stranger = another_key()
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
