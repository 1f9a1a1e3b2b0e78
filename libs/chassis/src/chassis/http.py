"""The door of HTTP: who asks, and in which transaction."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any
from urllib.parse import quote

import asyncpg
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from chassis import idempotency, problems
from chassis.database import Transaction
from chassis.disclosures import disclose_answer
from chassis.errors import Refusal
from chassis.principal import SYSTEM, Caller, Principal

bearer = HTTPBearer(auto_error=False, description="An access token of the identity service")
NO_CONTENT = 204


def proven(request: Request) -> Principal:
    """The principal of the request's access token, whose scopes are for `rights.guard` to look at.

    Raises what the edge found wrong with it: SignInRequired, TokenExpired, TokenRefused or Unavailable.
    """
    proof: Principal | Refusal = request.state.proof
    if isinstance(proof, Refusal):
        raise proof
    return proof


async def signed_in(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Principal:
    """The same as a dependency, which names the scheme in the OpenAPI document."""
    return proven(request)


SignedIn = Annotated[Principal, Depends(signed_in)]


def address_of(request: HTTPConnection) -> str | None:
    """Where the request came from. Nobody but the gateway and the portal reaches a service, so the address that they tell is believed."""
    forwarded = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
    return forwarded or (request.client.host if request.client else None)


def caller_of(request: Request) -> Caller:
    """Where the request came from, and what it asks for."""
    route = request.scope.get("route")
    operation = getattr(route, "operation_id", None) or getattr(route, "path", None)
    agent = request.headers.get("user-agent", "")[:300] or None
    return Caller(address_of(request), agent, getattr(request.state, "request_id", None), operation)


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
    """A route whose answer can be kept under an idempotency key, and is noted where it shows students' records to a partner."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, with the body read whole before forms are parsed, and the answer kept and noted before the commit."""
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if idempotency.HEADER in request.headers:
                await request.body()
            response = await answer(request)
            if response.status_code == NO_CONTENT:
                del response.headers["content-type"]
            if claim := getattr(request.state, "claim", None):
                idempotency.keep(request.state.tx, claim, response)
            if request.method == "GET" and (tx := getattr(request.state, "tx", None)):
                disclose_answer(tx, getattr(response, "body", b""))
            return response

        return handler


def location(path: str, *parts: object) -> str:
    """A `Location` value under the service's own prefix, with each part escaped."""
    return path + "".join(f"/{quote(str(part), safe='')}" for part in parts)
