"""The door of HTTP: who asks, in which transaction, and what every request gets (trace, request id, metrics, problem documents)."""

import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any
from urllib.parse import quote

import asyncpg
import structlog
import uuid_utils
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import idempotency, problems
from chassis.database import Transaction
from chassis.errors import NotSignedIn, Refusal
from chassis.principal import SYSTEM, Caller, Principal

log = structlog.get_logger()
seconds = Histogram("http_request_seconds", "Time to answer a request", ["method", "route", "status"])
bearer = HTTPBearer(auto_error=False, description="An access token of the identity service")
NO_CONTENT = 204
QUIET = ("/livez", "/readyz", "/metrics")


class SignInRequired(NotSignedIn):
    """The address needs an access token, and none came."""


async def signed_in(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Principal:
    """The principal of the request's access token. Raises SignInRequired, TokenExpired or TokenRefused."""
    if given is None:
        raise SignInRequired("Sign in first and send the access token in the Authorization header, as Bearer.")
    principal: Principal = await request.app.state.context.verifier.principal(given.credentials)
    return principal


SignedIn = Annotated[Principal, Depends(signed_in)]


def caller_of(request: Request) -> Caller:
    """Where the request came from. The gateway is the only one that reaches a service, so its forwarded address is believed."""
    forwarded = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
    ip = forwarded or (request.client.host if request.client else None)
    return Caller(ip, request.headers.get("user-agent", "")[:300] or None, getattr(request.state, "request_id", None))


@asynccontextmanager
async def _transaction(request: Request, principal: Principal) -> AsyncIterator[Transaction]:
    """A transaction around the endpoint: commits before the answer leaves, and keeps the answer where an Idempotency-Key came along."""
    database, caller = request.app.state.context.database, caller_of(request)
    try:
        async with database.transaction(principal, caller) as tx:
            request.state.tx, request.state.claim = tx, await idempotency.claim(tx, request)
            yield tx
    except Refusal as refusal:
        if taken := getattr(request.state, "claim", None):
            async with database.transaction(principal, caller) as tx:
                await idempotency.keep_refusal(tx, taken, problems.of_refusal(refusal))
        raise
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != idempotency.PRIMARY_KEY:
            raise
        async with database.transaction(principal, caller) as tx:
            await idempotency.claim(tx, request)


async def _own_transaction(request: Request, who: SignedIn) -> AsyncIterator[Transaction]:
    async with _transaction(request, who) as tx:
        yield tx


async def _open_transaction(request: Request) -> AsyncIterator[Transaction]:
    async with _transaction(request, SYSTEM) as tx:
        yield tx


OwnTransaction = Annotated[Transaction, Depends(_own_transaction, scope="function")]
"""Acts as the signed-in principal."""
OpenTransaction = Annotated[Transaction, Depends(_open_transaction, scope="function")]
"""Acts as the system, for what needs no sign-in; the command must guard itself."""


class Route(APIRoute):
    """A route whose answer can be kept under an idempotency key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, with the body read whole before forms are parsed, and the answer kept before the commit."""
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if idempotency.HEADER in request.headers:
                await request.body()
            response = await answer(request)
            if response.status_code == NO_CONTENT:
                del response.headers["content-type"]
            if claim := getattr(request.state, "claim", None):
                idempotency.keep(request.state.tx, claim, response)
            return response

        return handler


def location(path: str, *parts: object) -> str:
    """A `Location` value under the service's own prefix, with each part escaped."""
    return path + "".join(f"/{quote(str(part), safe='')}" for part in parts)


class Edge:
    """What every request passes: request id, timing, and a problem document for what nobody caught."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["path"] in QUIET:
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        request_id = headers.get("x-request-id", "")[:100] or str(uuid_utils.uuid7())
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except Exception as error:
            if status:
                raise
            await problems.of_fault(error)(scope, receive, answer)
        route = getattr(scope.get("route"), "path", "unmatched")
        seconds.labels(scope["method"], route, status).observe(time.perf_counter() - started)
        if status >= 400:
            log.info("request refused", method=scope["method"], path=scope["path"], status=status, request_id=request_id)
