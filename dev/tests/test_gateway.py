"""The gateway alone, in front of stand-ins: what it lets through, and how."""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from dev.live import free_base
from dev.processes import answers, launch, stop, wait_for
from dev.stack import Stack

from dev import gateway

go_on = threading.Event()


class Upstream(BaseHTTPRequestHandler):
    """Answers with what it was asked for; `/stream` sends an event, and the next only when the test says so."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/stream":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"data: first\n\n")
            self.wfile.flush()
            go_on.wait(30)
            self.wfile.write(b"data: second\n\n")
            self.close_connection = True
            return
        told = {"path": self.path, "port": self.server.server_address[1], "from": self.headers.get("X-Forwarded-For")}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/page":
            self.send_header("Content-Security-Policy", "default-src 'self'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


def serve(port: int) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", port), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("gateway"), free_base())
    servers = [serve(stack.port(name)) for name in ("portal", "compliance")]
    spec = gateway.spec(stack)
    process = launch(spec.argv, log=stack.log("gateway"), env=spec.env)
    wait_for("gateway", process, lambda: not spec.missing(), log=stack.log("gateway"))
    yield stack
    stop(process)
    for server in servers:
        server.shutdown()


def get(stack: Stack, path: str, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", stack.port("gateway"), timeout=30)
    connection.request("GET", path, headers=headers or {})
    return connection.getresponse()


@pytest.mark.parametrize(
    ("asked", "service", "path"),
    [
        ("/", "portal", "/"),
        ("/student?x=1", "portal", "/student?x=1"),
        ("/api/compliance/v1/alerts?limit=2", "compliance", "/v1/alerts?limit=2"),
        ("/api/compliance/openapi.json", "compliance", "/openapi.json"),
        ("/api/portal/v1/audit", "portal", "/v1/audit"),
    ],
)
def test_each_address_reaches_its_service_with_the_prefix_taken_off(stack: Stack, asked: str, service: str, path: str) -> None:
    told = json.load(get(stack, asked))
    assert (told["path"], told["port"]) == (path, stack.port(service))


@pytest.mark.parametrize("name", ["livez", "readyz", "metrics"])
@pytest.mark.parametrize(
    "form", ["/{0}", "/api/compliance/{0}", "/api/compliance//{0}", "/api/compliance/./{0}", "/api/compliance/%{1:x}{2}", "//{0}"]
)
def test_what_only_operators_ask_stays_inside(stack: Stack, form: str, name: str) -> None:
    answer = get(stack, form.format(name, ord(name[0]), name[1:]))
    told = json.load(answer)
    assert answer.status == 404 or told["path"].strip("/.") != name, told


def test_an_unknown_service_is_a_problem_with_a_sentence(stack: Stack) -> None:
    answer = get(stack, "/api/nonsense/v1/x")
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert json.load(answer)["type"] == "/problems/not-found"


def test_a_service_that_starts_late_is_waited_for_and_one_that_stays_away_is_a_problem(stack: Stack) -> None:
    late = threading.Timer(1.0, lambda: servers.append(serve(stack.port("skills"))))
    servers: list[ThreadingHTTPServer] = []
    late.start()
    assert json.load(get(stack, "/api/skills/v1/entries"))["path"] == "/v1/entries"
    servers[0].shutdown()
    away = get(stack, "/api/identity/v1/me")
    assert (away.status, away.headers["Content-Type"]) == (502, "application/problem+json")
    assert json.load(away)["type"] == "/problems/unavailable"


def test_server_sent_events_pass_at_once_even_to_a_client_that_takes_gzip(stack: Stack) -> None:
    go_on.clear()
    answer = get(stack, "/stream", {"Accept-Encoding": "gzip", "Accept": "text/event-stream"})
    assert answer.headers["Content-Encoding"] is None
    assert answer.readline() == b"data: first\n"
    go_on.set()
    assert b"second" in answer.read()


def test_every_answer_carries_the_security_headers_and_no_server_name(stack: Stack) -> None:
    for path in ("/", "/api/nonsense", "/api/identity/v1/me", "/gateway/livez"):
        headers = get(stack, path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Permissions-Policy"] == "camera=(self), geolocation=(), microphone=()"
        assert (headers["Cross-Origin-Opener-Policy"], headers["Cross-Origin-Resource-Policy"]) == ("same-origin", "same-origin")
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert "Caddy" not in str(headers)


def test_what_a_service_says_of_its_page_stands(stack: Stack) -> None:
    assert get(stack, "/page").headers.get_all("Content-Security-Policy") == ["default-src 'self'"]


@pytest.mark.parametrize(("path", "before"), [("/", "https"), ("/api/nonsense", "https"), ("/", "http"), ("/", None)])
def test_browsers_are_told_to_stay_with_https_where_tls_ends_before_the_gateway(stack: Stack, path: str, before: str | None) -> None:
    headers = get(stack, path, {"X-Forwarded-Proto": before} if before else {}).headers
    assert headers["Strict-Transport-Security"] == ("max-age=31536000" if before == "https" else None)


def test_browsers_are_told_to_stay_with_https_where_the_gateway_ends_tls(stack: Stack, tmp_path: Path) -> None:
    port, rules = free_base(), tmp_path / "Caddyfile"
    # A certificate of its own making, which nothing on this machine is to trust, and no port 80.
    quiet = "admin off\n\tskip_install_trust\n\tauto_https disable_redirects"
    rules.write_text(gateway.CADDYFILE.read_text().replace("admin off", quiet))
    with apart(stack, tmp_path, port, rules, CHAIRSIDE_GATEWAY_SITE=f"https://127.0.0.1:{port}"):
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        assert _over_tls(port, trusting)["Strict-Transport-Security"] == "max-age=31536000"


def _over_tls(port: int, trusting: ssl.SSLContext, patience: float = 30) -> http.client.HTTPMessage:
    """The headers of the start page. The gateway listens a moment before its certificate is made."""
    deadline = time.monotonic() + patience
    while True:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=patience, context=trusting)
        try:
            connection.request("GET", "/")
        except ssl.SSLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return connection.getresponse().headers


@contextmanager
def apart(stack: Stack, folder: Path, port: int, rules: Path = gateway.CADDYFILE, **settings: str) -> Iterator[None]:
    """Another gateway before the same stand-ins, with other settings or rules."""
    spec = gateway.spec(stack)
    argv = [str(rules) if part == str(gateway.CADDYFILE) else part for part in spec.argv]
    process = launch(argv, log=folder / "gateway.log", env={**spec.env, **settings})
    try:
        wait_for("the gateway", process, lambda: answers(port), log=folder / "gateway.log")
        yield
    finally:
        stop(process)


@pytest.mark.parametrize(("trusted", "believed"), [("127.0.0.1/32", True), ("192.0.2.1/32", False)])
def test_only_the_portal_may_say_from_where_a_command_came(stack: Stack, tmp_path: Path, trusted: str, believed: bool) -> None:
    port = free_base()
    with apart(stack, tmp_path, port, CHAIRSIDE_GATEWAY_SITE=f"http://:{port}", CHAIRSIDE_GATEWAY_TRUSTED=trusted):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/api/compliance/v1/x", headers={"X-Forwarded-For": "203.0.113.7"})
        said = json.loads(connection.getresponse().read())["from"]
    assert said.split(",")[0].strip() == ("203.0.113.7" if believed else "127.0.0.1")


def test_a_body_over_the_limit_is_refused(stack: Stack, tmp_path: Path) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", stack.port("gateway"), timeout=30)
    begun = time.monotonic()
    connection.putrequest("POST", "/api/compliance/v1/hours")
    connection.putheader("Content-Length", str(64 << 20))
    connection.endheaders()
    try:
        for _ in range(64):
            connection.send(b"x" * (1 << 20))
    except OSError:
        return
    assert connection.getresponse().status in (413, 501), time.monotonic() - begun
