"""What every request meets first: how often one may ask, how much one may send, and what browsers are told."""

import re
from uuid import uuid4

import pytest
import pytest_asyncio
from chassis import limits
from chassis.edge import QUIET
from chassis.limits import BODY_BYTES, RateLimited, Rates, network
from chassis.principal import Principal

QUOTA = 6
HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}


def spent(rates, times, who=None, ip="203.0.113.1"):
    """How many of so many requests were let through."""
    return sum(rates.spend(who, ip)[0] is None for _ in range(times))


def test_each_principal_and_each_address_has_a_count_of_its_own():
    rates, someone = Rates(3, 2), Principal("student", uuid4())
    assert spent(rates, 5, someone) == 3
    assert spent(rates, 5, Principal("student", uuid4())) == 3
    assert spent(rates, 5) == 2
    assert spent(rates, 5, ip="203.0.113.2") == 2
    assert spent(rates, 5, someone, ip="203.0.113.3") == 0


def test_the_refusal_says_when_to_go_on_and_the_headers_how_many_are_left():
    rates = Rates(2, 2)
    told = [rates.spend(None, "203.0.113.1") for _ in range(3)]
    assert [headers["RateLimit-Policy"] for _, headers in told] == ['"address";q=2;w=60'] * 3
    assert [headers["RateLimit"].split(";t=")[0] for _, headers in told] == ['"address";r=1', '"address";r=0', '"address";r=0']
    refusal = told[2][0]
    assert isinstance(refusal, RateLimited)
    assert 1 <= refusal.extra["retry_after"] <= 30


def test_one_subscriber_of_many_addresses_is_counted_as_one():
    rates = Rates(1, 3)
    assert sum(spent(rates, 1, ip=f"2001:db8:1:2::{n:x}") for n in range(1, 9)) == 3
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::1")


def test_no_more_are_remembered_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(limits, "REMEMBERED", 2)
    rates = Rates(1, 1)
    assert [spent(rates, 1, ip=f"203.0.113.{n}") for n in (1, 1, 2, 3, 1)] == [1, 0, 1, 1, 1]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def narrow(start_service):
    """A toy that takes six requests a minute of anybody."""
    few = {"CHAIRSIDE_PRINCIPAL_RATE": str(QUOTA), "CHAIRSIDE_ADDRESS_RATE": str(QUOTA)}
    return await start_service("toy", env=few, only="api", topics=[])


async def statuses(client, times, path="/v1/notes", **headers):
    return [(await client.get(path, headers=headers)).status_code for _ in range(times)]


async def test_who_asks_too_often_waits_and_nobody_else_does(narrow):
    eager, other = narrow.client("student", uuid4()), narrow.client("student", uuid4())
    told = await statuses(eager, 2 * QUOTA)
    assert told[0] == 200
    assert 429 in told
    answer = await eager.get("/v1/notes")
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/rate-limited")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == str(answer.json()["retry_after"])
    assert answer.headers["ratelimit-policy"] == f'"principal";q={QUOTA};w=60'
    assert await statuses(other, 1) == [200]


async def test_who_proves_nothing_is_counted_by_address_and_keeps_nobody_out_who_does(narrow):
    here, there = {"X-Forwarded-For": "198.51.100.7"}, {"X-Forwarded-For": "198.51.100.8"}
    nobody = narrow.client()
    told = await statuses(nobody, QUOTA, **here, Authorization="Bearer made.up.token") + await statuses(nobody, QUOTA, **here)
    assert told[0] == 401
    assert 429 in told
    assert await statuses(nobody, 1, "/openapi.json", **here) == [429]
    assert await statuses(nobody, 1, **there) == [401]
    assert await statuses(narrow.client("student", uuid4()), 1, **here) == [200]


async def test_what_operators_ask_is_not_counted(narrow):
    for path in QUIET:
        assert await statuses(narrow.client(), 3 * QUOTA, path, **{"X-Forwarded-For": "198.51.100.9"}) == [200] * 3 * QUOTA


async def much():
    for _ in range(3):
        yield b"x" * (BODY_BYTES // 2)


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_limit_is_a_problem_whether_its_length_is_declared_or_not(toy, method, declared):
    content = b"x" * (2 * BODY_BYTES) if declared else much()
    answer = await toy.client("student", uuid4()).request(
        method, "/v1/notes", content=content, headers={"Content-Type": "application/json"}
    )
    if method == "GET" and not declared:
        assert answer.status_code == 200, "nobody read it"
        return
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert answer.json()["type"] == "/problems/too-large"


async def test_every_answer_tells_browsers_to_run_frame_guess_and_keep_nothing(toy):
    someone, nobody = toy.client("student", uuid4()), toy.client()
    for answer in (
        await someone.get("/v1/notes"),
        await nobody.get("/v1/notes"),
        await nobody.get("/v1/nothing"),
        await someone.post("/v1/notes", json={"body": "crash"}),
        await someone.post("/v1/notes", content=b"x" * (2 * BODY_BYTES)),
        await nobody.get("/openapi.json"),
    ):
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, answer.request


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_the_pages_of_documents_run_and_ask_nothing_from_elsewhere(toy, path):
    """They stand on the portal's origin: a script from elsewhere could act there as whoever is signed in."""
    page = await toy.client().get(path)
    assert "https:" not in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    scripts = re.findall(r'<script[^>]* src="([^"]+)"', page.text)
    assert scripts
    for address in scripts:
        assert address.startswith("/api/toy/"), address
        assert (await toy.client().get(address.removeprefix("/api/toy"))).status_code == 200


async def test_no_other_site_may_ask_in_a_browser(toy):
    """CORS is closed: neither a preflight nor an answer allows another origin anything."""
    foreign = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    client = toy.client("student", uuid4())
    for answer in (await client.options("/v1/notes", headers=foreign), await client.get("/v1/notes", headers=foreign)):
        assert [name for name in answer.headers if name.startswith("access-control-")] == []


async def test_of_two_authorization_headers_neither_is_believed(toy, issuer):
    good = f"Bearer {issuer.token('student', uuid4())}"
    for both in ((good, "Bearer nonsense"), ("Bearer nonsense", good)):
        answer = await toy.client().get("/v1/notes", headers=[("Authorization", value) for value in both])
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/token-refused")
