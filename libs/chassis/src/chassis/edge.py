"""What every request passes before anything else: who asks and how often, timing, a request id, and the headers that browsers obey."""

import time

import structlog
import uuid_utils
from prometheus_client import Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import documents, problems
from chassis.auth import TokenRefused, Verifier
from chassis.errors import NotSignedIn, Refusal
from chassis.http import address_of
from chassis.limits import Rates
from chassis.principal import Principal

log = structlog.get_logger()
seconds = Histogram("http_request_seconds", "Time to answer a request", ["method", "route", "status"])
QUIET = ("/livez", "/readyz", "/metrics")
NOTHING_RUNS = "default-src 'none'; frame-ancestors 'none'"
A_PAGE_OF_DOCUMENTS = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TOO_LARGE = 413
"""What Starlette's limit of a body answers in plain text."""


class SignInRequired(NotSignedIn):
    """The address needs an access token, and none came."""


async def proof_of(request: HTTPConnection, verifier: Verifier) -> Principal | Refusal:
    """Whose access token came along, or why nobody's did: it is for the operation to say whether that matters."""
    given = request.headers.getlist("authorization")
    if len(given) > 1:
        return TokenRefused("Several Authorization headers came. Send one.")
    scheme, _, token = (given[0] if given else "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip(" "):
        return SignInRequired("Sign in first and send the access token in the Authorization header, as Bearer.")
    try:
        return await verifier.principal(token.strip(" "), scoped=True)
    except Refusal as refusal:
        return refusal


def guarded(scope: Scope, headers: MutableHeaders) -> None:
    """Adds what keeps browsers from running, framing, guessing or keeping an answer, where it does not say so itself."""
    headers.setdefault("Content-Security-Policy", A_PAGE_OF_DOCUMENTS if scope["path"] in documents.PAGES else NOTHING_RUNS)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")


class Edge:
    """Notes whose token came along (`request.state.proof`), counts requests, and answers with a problem document what nobody caught."""

    def __init__(self, app: ASGIApp, verifier: Verifier, rates: Rates) -> None:
        self.app, self.verifier, self.rates = app, verifier, rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["path"] in QUIET:
            return await self.app(scope, receive, send)
        request = HTTPConnection(scope)
        request.state.request_id = request.headers.get("x-request-id", "")[:100] or str(uuid_utils.uuid7())
        request.state.proof = proof = await proof_of(request, self.verifier)
        refused, left = self.rates.spend(proof if isinstance(proof, Principal) else None, address_of(request))
        answer = Answer(scope, send, {"X-Request-Id": request.state.request_id, **left})
        started = time.perf_counter()
        if refused:
            await problems.of_refusal(refused)(scope, receive, answer)
        else:
            await self._passed_on(scope, receive, answer)
        route = getattr(scope.get("route"), "path", "unmatched")
        seconds.labels(scope["method"], route, answer.status).observe(time.perf_counter() - started)
        if answer.status >= 400:
            log.info(
                "request refused", method=scope["method"], path=scope["path"], status=answer.status, request_id=request.state.request_id
            )

    async def _passed_on(self, scope: Scope, receive: Receive, answer: "Answer") -> None:
        try:
            await self.app(scope, receive, answer)
        except Exception as error:
            if answer.status:
                raise
            await problems.of_fault(error)(scope, receive, answer)


class Answer:
    """Sends an answer on with what every answer carries, and notes its status."""

    def __init__(self, scope: Scope, send: Send, headers: dict[str, str]) -> None:
        self.scope, self.send, self.headers, self.status = scope, send, headers, 0
        self._instead: bytes | None = None

    async def __call__(self, message: Message) -> None:
        """ASGI's send."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.status == TOO_LARGE and Headers(raw=message["headers"]).get("content-type", "").startswith("text/plain"):
                told = problems.too_large()
                message, self._instead = {**message, "headers": told.raw_headers}, bytes(told.body)
            headers = MutableHeaders(scope=message)
            headers.update(self.headers)
            guarded(self.scope, headers)
        elif self._instead is not None:
            message = {"type": "http.response.body", "body": self._instead}
        await self.send(message)
