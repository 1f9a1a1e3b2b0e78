"""Who asks: signed tokens are checked against the issuer's published keys (JWKS), and become a `Principal` (SPEC 3.10)."""

import asyncio
import time
from typing import Any
from uuid import UUID

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from chassis.errors import NotSignedIn, Unavailable
from chassis.principal import Principal

log = structlog.get_logger()
ALGORITHMS = ["ES256"]
REFRESH_EVERY = 300.0
REFRESH_AT_MOST_EVERY = 2.0
REMEMBERED = 2048


class TokenExpired(NotSignedIn):
    """The token was good and is no more; the client refreshes it."""


class TokenRefused(NotSignedIn):
    """The token is not one that we issued for this."""


class Verifier:
    """Checks access tokens. Keys are fetched in the background and again when a token names one that is not known yet."""

    def __init__(self, jwks_url: str, *, issuer: str, audience: str, kinds: tuple[str, ...]) -> None:
        self.jwks_url, self.issuer, self.audience, self.kinds = jwks_url, issuer, audience, kinds
        self.keys: KeySet | None = None
        self._asked = 0.0
        self._verified: dict[str, tuple[Principal, float]] = {}

    async def run(self) -> None:
        """Keeps the keys fresh until it is cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(REFRESH_EVERY if self.keys else 0.5)

    async def refresh(self) -> None:
        """Fetches the keys, at most every two seconds once there are any; what was known stays when that fails."""
        now = time.monotonic()
        if self.keys and now - self._asked < REFRESH_AT_MOST_EVERY:
            return
        self._asked = now
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                answer = (await client.get(self.jwks_url)).raise_for_status()
            self.keys = KeySet.import_key_set(answer.json())
            self._verified.clear()
        except (httpx.HTTPError, ValueError, KeyError, JoseError) as error:
            log.info("signing keys not fetched", url=self.jwks_url, because=repr(error))

    async def principal(self, token: str) -> Principal:
        """Who the token speaks for. Raises TokenExpired, TokenRefused, or Unavailable while there are no keys."""
        known = self._verified.get(token)
        if known is None:
            known = await self._verify(token)
            if len(self._verified) >= REMEMBERED:
                self._verified.clear()
            self._verified[token] = known
        if known[1] <= time.time():
            self._verified.pop(token, None)
            raise TokenExpired("This access token has expired. Refresh it and ask again.")
        return known[0]

    async def _verify(self, token: str) -> tuple[Principal, float]:
        if self.keys is None:
            await self.refresh()
        for again in (True, False):
            if self.keys is None:
                raise Unavailable("The signing keys are not available yet. Try again in a moment.")
            try:
                return self._read(jwt.decode(token, self.keys, algorithms=ALGORITHMS).claims)
            except (JoseError, ValueError, KeyError, TypeError) as error:
                if not again:
                    raise TokenRefused("This access token is not valid here. Sign in again.") from error
                await self.refresh()
        raise AssertionError

    def _read(self, claims: dict[str, Any]) -> tuple[Principal, float]:
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims["iss"] != self.issuer or self.audience not in audience or claims["kind"] not in self.kinds or claims["kind"] == "system":
            raise ValueError("issued by another, for another, or for a kind that does not exist")
        principal = Principal(claims["kind"], UUID(claims["sub"]), frozenset(claims.get("roles", ())), claims.get("sid"))
        return principal, float(claims["exp"])
