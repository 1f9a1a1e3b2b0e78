"""Who asks: signed tokens are checked against the issuer's published keys (JWKS), and become a `Principal` (SPEC 3.10)."""

import asyncio
import json
import re
import ssl
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import structlog
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, Key, KeySet

from chassis.errors import NotSignedIn, Unavailable
from chassis.principal import Principal
from chassis.revocation import Revocations

log = structlog.get_logger()
READ_BY = jws.JWSRegistry(algorithms=["ES256"])
CLIENT, CLIENTS_ACT_AS = "client", "admin"
END_IN_THEIR_TIME = frozenset({"student", "partner"})
"""Kinds whose access tokens run to their end although their session has ended; every other kind's are refused at once."""
FORM = re.compile(r"(?=.{1,8000}\Z)[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}\Z")
"""Three parts without padding, the last a signature of 64 bytes: what has another form is not read at all."""
HEADER = frozenset({"alg", "kid", "typ"})
"""All that the header of a token of ours says: one that brings keys, addresses of keys or extensions along is not of ours."""
SKEW, LONGEST, LATEST = 60.0, 86_400.0, 1e11
"""Seconds: how far the issuer's clock may be ahead of this one, how long a token may be good for, and what is no time any more."""
REFRESH_EVERY = 300.0
REFRESH_AT_MOST_EVERY = 2.0
REMEMBERED = 2048


class TokenExpired(NotSignedIn):
    """The token was good and is no more; the client refreshes it."""


class TokenRefused(NotSignedIn):
    """The token is not one that we issued for this."""


class SessionEnded(TokenRefused):
    """The token was good, and its session has ended."""


class Verifier:
    """Checks access tokens. Keys are fetched in the background and again when a token names one that is not known yet."""

    def __init__(self, jwks_url: str, *, issuer: str, audience: str, kinds: tuple[str, ...]) -> None:
        self.jwks_url, self.issuer, self.audience, self.kinds = jwks_url, issuer, audience, kinds
        self.keys: dict[str, Key] | None = None
        # Kept, for making one takes thirty milliseconds in which nothing else goes on.
        self._tls = ssl.create_default_context()
        self.revocations = Revocations(jwks_url, self._tls)
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
            async with httpx.AsyncClient(timeout=5, verify=self._tls) as client:
                answer = (await client.get(self.jwks_url)).raise_for_status()
            self.keys = {str(key.kid): key for key in KeySet.import_key_set(answer.json()).keys}
            self._verified.clear()
        except (httpx.HTTPError, ValueError, KeyError, JoseError) as error:
            log.info("signing keys not fetched", url=self.jwks_url, because=repr(error))

    async def principal(self, token: str, *, scoped: bool = False) -> Principal:
        """Who the token speaks for; one that is good for certain scopes alone is refused unless `scoped` says that they are looked at.

        Raises TokenExpired, TokenRefused, SessionEnded where ends count at once, or Unavailable while there are no keys.
        """
        known = self._verified.get(token)
        if known is None:
            known = await self._verify(token)
            if len(self._verified) >= REMEMBERED:
                self._verified.clear()
            self._verified[token] = known
        if known[1] <= time.time():
            self._verified.pop(token, None)
            raise TokenExpired("This access token has expired. Refresh it and ask again.")
        if known[0].scopes is not None and not scoped:
            raise TokenRefused("This access token is good for certain scopes alone, and not here.")
        if not known[0].client and known[0].kind not in END_IN_THEIR_TIME and await self.revocations.ended(known[0].session):
            raise SessionEnded("This session has ended. Sign in again.")
        return known[0]

    async def _verify(self, token: str) -> tuple[Principal, float]:
        if not FORM.match(token):
            raise TokenRefused("This is no access token. Sign in again.")
        if self.keys is None:
            await self.refresh()
        for again in (True, False):
            if self.keys is None:
                raise Unavailable("The signing keys are not available yet. Try again in a moment.")
            try:
                signed = jws.deserialize_compact(token, self._key, registry=READ_BY)
                return self._read(signed.headers(), json.loads(signed.payload))
            except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                if not again:
                    raise TokenRefused("This access token is not valid here. Sign in again.") from error
                await self.refresh()
        raise AssertionError

    def _key(self, signed: GuestProtocol) -> Key:
        """The key that the token names. Raises KeyError for one that is not known."""
        return (self.keys or {})[signed.headers()["kid"]]

    def _read(self, header: Mapping[str, Any], claims: dict[str, Any]) -> tuple[Principal, float]:
        kind, scope = claims["kind"], claims.get("scope")
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if not header.keys() <= HEADER or header.get("typ", "JWT") != "JWT" or not header.get("kid"):
            raise ValueError("a header that is not one of ours")
        if claims["iss"] != self.issuer or self.audience not in audience or kind not in {CLIENT, *self.kinds} or kind == "system":
            raise ValueError("issued by another, for another, or for a kind that does not exist")
        ends = _good_until(claims)
        scopes = None if scope is None else frozenset(scope.split())
        if kind == CLIENT:
            if scopes is None:
                raise ValueError("a client without scopes")
            return Principal(CLIENTS_ACT_AS, UUID(claims["sub"]), scopes=scopes, client=True), ends
        return Principal(kind, UUID(claims["sub"]), _roles(claims), _session(claims), scopes), ends


def _good_until(claims: dict[str, Any]) -> float:
    """The end that the claims name, in seconds since 1970. Raises ValueError for times that are none, or that no token of ours has."""
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    if any(isinstance(value, bool) or not isinstance(value, int | float) or not -LATEST < value < LATEST for value in times.values()):
        raise ValueError("a time that is none")
    now, ends = time.time(), float(times["exp"])
    if max(times.get("iat", now), times.get("nbf", now)) > now + SKEW or ends > now + LONGEST:
        raise ValueError("not good yet, or for longer than any token of ours")
    return ends


def _roles(claims: dict[str, Any]) -> frozenset[str]:
    roles = claims.get("roles", [])
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise ValueError("roles that are no list of names")
    return frozenset(roles)


def _session(claims: dict[str, Any]) -> str | None:
    session = claims.get("sid")
    if session is not None and not isinstance(session, str):
        raise ValueError("a session that is no name")
    return session
