"""Sessions that ended before their access tokens did, as the issuer tells them (decision 11)."""

import asyncio
import math
import ssl
import time
from urllib.parse import urljoin

import httpx
import structlog

from chassis.errors import Unavailable

log = structlog.get_logger()
FRESH_FOR = 1.0
BELIEVED_FOR = 30.0
TIMEOUT = 1.0


class Revocations:
    """The issuer's list, fetched when somebody is asked about and it is older than a second: who holds no such token never asks."""

    def __init__(self, jwks_url: str, tls: ssl.SSLContext) -> None:
        self.url = urljoin(jwks_url, "revoked-sessions")
        self._ended: frozenset[str] = frozenset()
        self._known_at = self._asked_at = -math.inf
        self._asking = asyncio.Lock()
        self._tls = tls

    async def ended(self, session: str | None) -> bool:
        """Whether the session has ended, as it was at most a second ago, or thirty while the issuer does not answer.

        Raises Unavailable where nobody can say: a list that is older than that might lack the one that matters.
        """
        if time.monotonic() - self._known_at > FRESH_FOR:
            async with self._asking:
                if time.monotonic() - max(self._known_at, self._asked_at) > FRESH_FOR:
                    await self._ask()
        if time.monotonic() - self._known_at > BELIEVED_FOR:
            raise Unavailable("Nobody can say just now whether this session has ended. Try again in a moment.")
        return session in self._ended

    async def _ask(self) -> None:
        began = time.monotonic()
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT, verify=self._tls) as client:
                answer = (await client.get(self.url)).raise_for_status()
            self._ended, self._known_at = frozenset(answer.json()["revoked"]), began
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            log.warning("ended sessions not fetched", url=self.url, because=repr(error))
        self._asked_at = time.monotonic()
