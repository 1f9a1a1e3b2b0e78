"""The other services' APIs, called with the signed-in person's token: the portal passes commands on and decides nothing (SPEC 1)."""

from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from chassis.errors import NotSignedIn, Refusal, Unavailable
from chassis.principal import NO_CALLER, Caller

log = structlog.get_logger()
AWAY = "The part of Chairside that does this does not answer just now. Wait a moment and try again."


class ServiceAway(Unavailable):
    """The owning service does not answer, or not sensibly."""


class SessionOver(NotSignedIn):
    """The owning service does not take the token (any more)."""


class Refused(Refusal):
    """The owning service's own refusal: its sentence, its status, and its problem type (`day-is-full`)."""

    def __init__(self, sentence: str, *, status: int, kind: str) -> None:
        super().__init__(sentence)
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
        """The answer, when it is a good one. Raises Refused, SessionOver or ServiceAway.

        `key` is the Idempotency-Key; `content` is httpx's (json, params, files, data).
        """
        url = self.template.format(service=service) + path
        try:
            answer = await self.http.request(method, url, headers=who.headers(key), **content)
        except httpx.HTTPError as error:
            log.warning("service does not answer", service=service, path=path, because=repr(error))
            raise ServiceAway(AWAY) from error
        if answer.is_success:
            return answer
        raise _refusal_of(answer)

    async def json(self, who: OnBehalf, service: str, method: str, path: str, *, key: str | None = None, **content: Any) -> Any:
        """The body of the answer."""
        answer = await self.call(who, service, method, path, key=key, **content)
        return answer.json() if answer.content else None


def _refusal_of(answer: httpx.Response) -> Refusal:
    try:
        told = answer.json()
        sentence, kind = str(told["detail"]), str(told["type"]).rpartition("/")[2]
    except (ValueError, KeyError, TypeError):
        log.warning("answer is no problem document", url=str(answer.url), status=answer.status_code)
        return ServiceAway(AWAY)
    if answer.status_code == 401 and kind in ("sign-in-required", "token-expired", "token-refused"):
        return SessionOver(sentence)
    if answer.status_code >= 500:
        return ServiceAway(sentence)
    return Refused(sentence, status=answer.status_code, kind=kind)
