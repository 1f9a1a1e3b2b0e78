"""The signed-in person of a browser: access and refresh token in cookies that scripts cannot read, renewed without them noticing."""

import asyncio
import base64
import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any

from chassis.auth import TokenExpired, TokenRefused, Verifier
from chassis.principal import NO_CALLER, Caller, Principal
from fastapi import Request, Response

from portal.clients import OnBehalf, Refused, Services, SessionOver

ACCESS, REFRESH = "chairside_access", "chairside_refresh"
KEPT_SECONDS = 14 * 24 * 3600
RENEWED_FOR_SECONDS = 60.0


@dataclass(frozen=True)
class Tokens:
    """What `identity` gives out for a sign-in or a renewal."""

    access: str
    refresh: str

    @classmethod
    def of(cls, answer: dict[str, Any]) -> "Tokens":
        """From the body of `POST /v1/sessions` or `/v1/sessions/refresh`."""
        return cls(answer["access_token"], answer["refresh_token"])

    def put(self, response: Response, *, secure: bool) -> None:
        """Sets both cookies."""
        for name, value in ((ACCESS, self.access), (REFRESH, self.refresh)):
            response.set_cookie(name, value, max_age=KEPT_SECONDS, path="/", httponly=True, samesite="lax", secure=secure)


def forget(response: Response) -> None:
    """Takes both cookies away."""
    for name in (ACCESS, REFRESH):
        response.delete_cookie(name, path="/", httponly=True, samesite="lax")


@dataclass(frozen=True)
class Session:
    """A browser whose token was verified. `renewed` are the tokens that it must be given, if any."""

    principal: Principal
    access: str
    caller: Caller = NO_CALLER
    renewed: Tokens | None = None

    @property
    def asks(self) -> OnBehalf:
        """To call the other services in this person's name."""
        return OnBehalf(self.access, self.caller)

    @property
    def seconds_left(self) -> float:
        """How long the access token is good for."""
        body = self.access.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return max(0.0, float(claims["exp"]) - time.time())


class Sessions:
    """Opens sessions from cookies. A refresh token is used once: requests that come together share one renewal."""

    def __init__(self, verifier: Verifier, services: Services) -> None:
        self.verifier, self.services = verifier, services
        self._renewals: dict[bytes, tuple[float, asyncio.Task[Tokens | None]]] = {}

    async def open(self, request: Request, caller: Caller) -> Session | None:
        """The request's session, renewed if its access token has expired; None where nobody is signed in. Raises Unavailable."""
        access, refresh = request.cookies.get(ACCESS), request.cookies.get(REFRESH)
        if access:
            try:
                return Session(await self.verifier.principal(access), access, caller)
            except (TokenExpired, TokenRefused):
                pass
        return await self.renew(refresh, caller) if refresh else None

    async def renew(self, refresh: str, caller: Caller) -> Session | None:
        """A session on fresh tokens with the roles of now; None when `identity` does not take the refresh token, or gives no whole session.

        Raises ServiceAway.
        """
        tokens = await asyncio.shield(self._renewal(refresh, caller))
        if tokens is None:
            return None
        try:
            return Session(await self.verifier.principal(tokens.access), tokens.access, caller, tokens)
        except TokenRefused:
            return None

    def _renewal(self, refresh: str, caller: Caller) -> asyncio.Task[Tokens | None]:
        now = time.monotonic()
        self._renewals = {name: kept for name, kept in self._renewals.items() if kept[0] > now and not _failed(kept[1])}
        name = hashlib.sha256(refresh.encode()).digest()
        if name not in self._renewals:
            self._renewals[name] = (now + RENEWED_FOR_SECONDS, asyncio.create_task(self._ask(refresh, caller)))
        return self._renewals[name][1]

    async def _ask(self, refresh: str, caller: Caller) -> Tokens | None:
        try:
            answer = await self.services.json(
                OnBehalf(caller=caller), "identity", "POST", "/v1/sessions/refresh", json={"refresh_token": refresh}
            )
        except SessionOver:
            return None
        except Refused as refused:
            if refused.status == 401:
                return None
            raise
        return Tokens.of(answer)


def _failed(task: asyncio.Task[Tokens | None]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
