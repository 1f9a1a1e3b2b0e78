"""The one address: what it leads to, what stays inside, and what it says when something is away."""

import httpx
import pytest
from dev.demo.stage import Stage
from dev.live import Live
from dev.stack import SERVICES
from joserfc import jwt
from joserfc.jwk import KeySet

from . import people

EVERY = pytest.mark.parametrize("service", [one.name for one in SERVICES])
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=()",
}
PAGES = ("/", "/sign-in", "/sign-up", "/partners/join")


@pytest.fixture(scope="module")
def client(live: Live) -> httpx.Client:
    return httpx.Client(base_url=live.url, timeout=60)


def is_problem(answer: httpx.Response, status: int) -> bool:
    """Whether it is a problem document that a person can act on, and of that status."""
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert told["type"].startswith("/problems/"), told
    assert {"title", "detail"} <= told.keys(), told
    return bool(answer.status_code == told["status"] == status)


@EVERY
def test_every_service_describes_itself(client: httpx.Client, service: str) -> None:
    api = client.get(f"/api/{service}/openapi.json").raise_for_status().json()
    assert api["info"]["title"] == f"Chairside {service}"
    assert api["servers"] == [{"url": f"/api/{service}"}]
    assert {"/v1/audit", "/v1/audit/verification"} < api["paths"].keys()
    page = client.get(f"/api/{service}/docs").raise_for_status().text
    assert f"'/api/{service}/openapi.json'" in page
    events = client.get(f"/api/{service}/asyncapi.json").raise_for_status().json()
    assert events["asyncapi"].startswith("3.")
    assert "audit.recorded" in str(events["channels"])


@EVERY
@pytest.mark.parametrize("name", ["livez", "readyz", "metrics"])
def test_what_operators_ask_is_there_and_stays_inside(live: Live, client: httpx.Client, service: str, name: str) -> None:
    assert httpx.get(f"http://127.0.0.1:{live.stack.port(service)}/{name}", timeout=60).status_code == 200
    for path in (f"/api/{service}/{name}", f"/api/{service}//{name}", f"/api/{service}/%{ord(name[0]):x}{name[1:]}", f"/{name}"):
        assert is_problem(client.get(path), 404), path


@EVERY
def test_refusals_are_problems_with_a_sentence_and_a_trace(client: httpx.Client, service: str) -> None:
    for answer, status in (
        (client.get(f"/api/{service}/v1/audit"), 401),
        (client.get(f"/api/{service}/v1/nonsense"), 404),
        (client.patch(f"/api/{service}/v1/audit"), 405),
    ):
        assert is_problem(answer, status), answer.text
        assert len(answer.json()["trace_id"]) == 32
        assert answer.headers["x-request-id"]


def test_an_address_that_leads_nowhere_is_a_problem(client: httpx.Client) -> None:
    for path in ("/api/nonsense/v1/x", "/api/", "/api/compliance"):
        assert is_problem(client.get(path), 404), path


def test_every_answer_carries_the_security_headers(client: httpx.Client) -> None:
    for path in (*PAGES, "/api/compliance/openapi.json", "/api/compliance/v1/hours", "/api/nonsense"):
        answer = client.get(path)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, path
        assert "server" not in answer.headers, path
        assert "default-src 'none'" in answer.headers["content-security-policy"], path
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
        assert "strict-transport-security" not in answer.headers, "this stack is reached without TLS"
        assert not any(name.startswith("access-control-") for name in answer.headers), path


@EVERY
def test_no_other_site_may_ask_in_a_browser(client: httpx.Client, service: str) -> None:
    """CORS is closed: a preflight allows another origin nothing."""
    foreign = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    answer = client.options(f"/api/{service}/v1/audit", headers=foreign | {"Access-Control-Request-Headers": "authorization"})
    assert answer.status_code == 405
    assert not any(name.startswith("access-control-") for name in answer.headers)


@EVERY
def test_a_body_that_no_address_takes_is_a_problem(client: httpx.Client, service: str) -> None:
    """What is over a service's limit it refuses itself; the gateway, what is over any. The unread rest must not become another request."""
    for size in (2 << 20, 40 << 20):
        answer = client.request("GET", f"/api/{service}/v1/audit", content=b"x" * size)
        assert is_problem(answer, 413), answer.text
        assert answer.json()["type"] == "/problems/too-large"
        assert answer.headers["connection"] == "close"


@EVERY
def test_everyone_is_told_how_much_more_they_may_ask(client: httpx.Client, service: str) -> None:
    answer = client.get(f"/api/{service}/v1/audit")
    assert answer.headers["ratelimit-policy"] == '"address";q=12000;w=60'
    assert answer.headers["ratelimit"].startswith('"address";r=')


@pytest.mark.parametrize("path", PAGES)
def test_the_portal_stands_at_the_root(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_the_published_keys_check_the_tokens_and_hold_no_secret(stage: Stage) -> None:
    admin = await people.administrator(stage)
    published = await admin.ask("GET", "identity", "/.well-known/jwks.json")
    assert published["keys"]
    for key in published["keys"]:
        assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
    token = admin.http.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, KeySet.import_key_set(published), algorithms=["ES256"]).claims
    assert (claims["sub"], claims["kind"], claims["roles"]) == (admin.id, "admin", ["admin"])


@pytest.mark.timeout(900)
def test_a_service_that_is_away_is_a_problem_while_the_others_go_on(live: Live, client: httpx.Client) -> None:
    with live.away("skills"):
        answer = client.get("/api/skills/v1/entries")
        assert is_problem(answer, 502)
        assert answer.json()["type"] == "/problems/unavailable"
        assert int(answer.headers["retry-after"]) > 0
        assert client.get("/api/compliance/openapi.json").status_code == 200
    assert client.get("/api/skills/openapi.json").status_code == 200
