"""Every service checks every token itself: signature, end, issuer, audience, kind (SPEC 3.10)."""

import asyncio
import time
from collections.abc import Sequence

import httpx
import pytest
import pytest_asyncio
from dev.demo.stage import Stage
from dev.live import Live
from dev.stack import SERVICES

from . import forging, people
from .broken import BROKEN
from .forging import Forger

NAMES = [one.name for one in SERVICES]
EVERY = pytest.mark.parametrize("service", NAMES)
DOORS = {
    "identity": "/v1/me",
    "onboarding": "/v1/enrollments",
    "milady-sync": "/v1/provisionings",
    "skills": "/v1/entries",
    "compliance": "/v1/hours",
    "messaging": "/v1/notifications",
    "portal": "/v1/alerts",
}
Headers = Sequence[tuple[str, str | bytes]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def forger(live: Live, stage: Stage) -> Forger:
    return await forging.forger(live, await people.somebody(stage, "Holder"))


async def ask(live: Live, service: str, headers: Headers = (), **how: str) -> httpx.Response:
    told = [(name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in headers]
    async with httpx.AsyncClient(base_url=live.url, timeout=30) as client:
        return await client.get(f"/api/{service}{DOORS[service]}", headers=told, params=how or None)


async def ask_with(live: Live, service: str, token: str) -> httpx.Response:
    return await ask(live, service, [("Authorization", f"Bearer {token}")])


def refused(answer: httpx.Response) -> str:
    """The kind of problem, if it is a refusal that tells a client what to do."""
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["type"])


@EVERY
async def test_a_good_token_opens(live: Live, forger: Forger, service: str) -> None:
    answer = await ask_with(live, service, forger.token())
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_the_name_of_the_scheme_has_no_case_and_any_number_of_blanks_may_follow(live: Live, forger: Forger, scheme: str) -> None:
    """RFC 9110, 11.1 and 11.4."""
    answer = await ask(live, "compliance", [("Authorization", f"{scheme} {forger.token()}")])
    assert answer.status_code == 200, answer.text


@EVERY
async def test_without_a_token_nothing_opens(live: Live, service: str) -> None:
    assert refused(await ask(live, service)) == "/problems/sign-in-required"


@pytest.mark.parametrize("value", ["", "Bearer", "{0}", "Basic {0}", "Token {0}", "JWT {0}", "Bearer{0}", "Bearer:{0}"])
async def test_a_token_under_another_scheme_is_none(live: Live, forger: Forger, value: str) -> None:
    told = refused(await ask(live, "compliance", [("Authorization", value.format(forger.token()))]))
    assert told == "/problems/sign-in-required"


async def test_a_token_in_an_address_or_in_a_cookie_is_none(live: Live, forger: Forger) -> None:
    """An address stands in logs and histories (RFC 6750, 5.3), and a cookie comes along with what other sites ask for."""
    token = forger.token()
    assert refused(await ask(live, "compliance", access_token=token)) == "/problems/sign-in-required"
    for service in ("portal", "compliance"):
        assert (
            refused(await ask(live, service, [("Cookie", f"chairside_access={token}; access_token={token}")]))
            == "/problems/sign-in-required"
        )


async def test_of_two_authorization_headers_neither_is_believed(live: Live, forger: Forger) -> None:
    good, bad = f"Bearer {forger.token()}", "Bearer nonsense"
    for both in ((good, bad), (bad, good), (good, good)):
        assert refused(await ask(live, "compliance", [("Authorization", value) for value in both])) == "/problems/token-refused"


@EVERY
async def test_an_expired_token_says_that_it_is_to_be_refreshed(live: Live, forger: Forger, service: str) -> None:
    for end in (int(time.time()) - 1, time.time() - 0.5, 1, -1):
        assert refused(await ask_with(live, service, forger.token(exp=end))) == "/problems/token-expired"


@EVERY
async def test_a_token_opens_until_it_ends_and_not_beyond(live: Live, forger: Forger, service: str) -> None:
    """Services remember whom a token spoke for; they must not remember it for longer than it is good."""
    end = int(time.time()) + 2
    token = forger.token(exp=end)
    await ask_with(live, service, token)
    await asyncio.sleep(end - time.time() + 0.01)
    assert refused(await ask_with(live, service, token)) == "/problems/token-expired"


@pytest.mark.parametrize("what", BROKEN)
async def test_a_broken_token_opens_nothing_anywhere(live: Live, forger: Forger, what: str) -> None:
    token = BROKEN[what](forger)
    answers = await asyncio.gather(*(ask_with(live, service, token) for service in NAMES))
    assert {refused(answer) for answer in answers} == {"/problems/token-refused"}


async def test_a_header_that_the_gateway_does_not_take_is_refused_by_it(live: Live, forger: Forger) -> None:
    """The one answer without a problem document: Go's server sends it before anything of ours, and closes the connection."""
    answer = await ask_with(live, "compliance", forger.token(roles=["r" * 48_000]))
    assert answer.status_code == 431, answer.text
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{live.stack.port('compliance')}", timeout=30) as straight:
        told = await straight.get("/v1/hours", headers={"Authorization": f"Bearer {forger.token(roles=['r' * 48_000])}"})
    assert refused(told) == "/problems/token-refused"
