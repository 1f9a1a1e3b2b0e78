"""The other services' APIs, called with the signed-in person's token: the portal passes commands on and decides nothing (SPEC 1)."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from chassis.errors import NotFound, NotSignedIn, Refusal, Unavailable
from chassis.principal import NO_CALLER, Caller

log = structlog.get_logger()
PATH = re.compile(r"(/[A-Za-z0-9_-]+)+")
AWAY = "The part of Chairside that does this does not answer just now. Wait a moment and try again."


class ServiceAway(Unavailable):
    """The owning service does not answer, or not sensibly."""


class AddressNotThere(NotFound):
    """What a browser sent makes no address at the owning service: nothing of it leads a call elsewhere."""


class SessionOver(NotSignedIn):
    """The owning service does not take the token (any more)."""


class Refused(Refusal):
    """The owning service's own refusal: its sentence, its status, its problem type (`day-is-full`), and what else it told."""

    def __init__(self, sentence: str, *, status: int, kind: str, told: dict[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.told = told or {}
        self.status, self.kind = status, kind


@dataclass(frozen=True)
class OnBehalf:
    """In whose name, and from where, a call is made."""

    token: str | None = None
    caller: Caller = NO_CALLER

    def headers(self, key: str | None) -> dict[str, str]:
        """What goes along with the call."""
        told = {
            "Authorization": f"Bearer {self.token}" if self.token else None,
            "X-Forwarded-For": self.caller.ip,
            "User-Agent": self.caller.user_agent,
            "X-Request-Id": self.caller.request_id,
            "Idempotency-Key": key,
        }
        return {name: value for name, value in told.items() if value}


class Services:
    """`await services.call(who, "skills", "POST", "/v1/entries", json=...)`: one HTTP call to one service."""

    def __init__(self, template: str, http: httpx.AsyncClient) -> None:
        self.template, self.http = template, http

    async def call(self, who: OnBehalf, service: str, method: str, path: str, *, key: str | None = None, **content: Any) -> httpx.Response:
        """The answer, when it is a good one. Raises Refused, SessionOver, ServiceAway or AddressNotThere.

        `key` is the Idempotency-Key; `content` is httpx's (json, params, files, data).
        """
        url = self._address(service, path)
        try:
            answer = await self.http.request(method, url, headers=who.headers(key), **content)
        except httpx.HTTPError as error:
            log.warning("service does not answer", service=service, path=path, because=repr(error))
            raise ServiceAway(AWAY) from error
        if answer.is_success:
            return answer
        raise _refusal_of(answer)

    async def stream(self, who: OnBehalf, service: str, path: str) -> tuple[httpx.Headers, AsyncIterator[bytes]]:
        """A good answer to a GET, whose body passes through without being held. Raises what `call` raises."""
        request = self.http.build_request("GET", self._address(service, path), headers=who.headers(None))
        try:
            answer = await self.http.send(request, stream=True)
            if not answer.is_success:
                await answer.aread()
        except httpx.HTTPError as error:
            log.warning("service does not answer", service=service, path=path, because=repr(error))
            raise ServiceAway(AWAY) from error
        if answer.is_success:
            return answer.headers, _passed_on(answer)
        raise _refusal_of(answer)

    async def json(self, who: OnBehalf, service: str, method: str, path: str, *, key: str | None = None, **content: Any) -> Any:
        """The body of the answer."""
        answer = await self.call(who, service, method, path, key=key, **content)
        return answer.json() if answer.content else None

    def _address(self, service: str, path: str) -> str:
        if not PATH.fullmatch(path):
            raise AddressNotThere("This is not there any more. Open the page anew and try again.")
        return self.template.format(service=service) + path


async def _passed_on(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_bytes():
            yield piece
    finally:
        await answer.aclose()


def _refusal_of(answer: httpx.Response) -> Refusal:
    try:
        told = answer.json()
        sentence, kind = str(told["detail"]), str(told["type"]).rpartition("/")[2]
    except (ValueError, KeyError, TypeError):
        log.warning("answer is no problem document", url=str(answer.url), status=answer.status_code)
        return ServiceAway(AWAY)
    if answer.status_code == 401 and kind in ("sign-in-required", "token-expired", "token-refused", "session-ended"):
        return SessionOver(sentence)
    if answer.status_code >= 500:
        return ServiceAway(sentence)
    return Refused(sentence, status=answer.status_code, kind=kind, told=told)
