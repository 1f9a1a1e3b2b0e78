"""The door of every page: the browser's session, forged forms kept out, refusals as pages, and the headers that pages carry."""

import json
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from chassis import problems
from chassis.database import Transaction
from chassis.errors import NotAllowed, NotFound, NotSignedIn, Refusal
from chassis.http import caller_of
from fastapi import Depends, Request, Response
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute

from portal import sessions
from portal.clients import Refused, Services
from portal.live import Live
from portal.queries import people
from portal.rendering import by_htmx, html
from portal.sessions import Session, Sessions

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class PageNotThere(NotFound):
    """No page has this address, or none for the one who asks."""


class ForeignForm(NotAllowed):
    """A form was sent from another site."""


class RoleNeeded(NotAllowed):
    """The page is for people with another role."""


@dataclass(frozen=True)
class Resources:
    """What a portal process holds beside the chassis' own: the other services, browsers' sessions, and the ear for changes."""

    services: Services
    sessions: Sessions
    live: Live


def resources(request: Request) -> Resources:
    """Those of the process that answers."""
    found: Resources = request.app.state.context.resources
    return found


def refuse_foreign(request: Request) -> None:
    """Raises ForeignForm for a change that another site's page asks for with this browser's cookies."""
    if request.method in ("GET", "HEAD"):
        return
    site = request.headers.get("sec-fetch-site")
    sender = urlsplit(request.headers.get("origin", "")).netloc
    ours = {request.headers.get("host", ""), urlsplit(request.app.state.context.settings.public_url).netloc}
    if site != "same-origin" if site else sender not in ours:
        raise ForeignForm("This form was sent from another site, so it was not carried out. Open the page here and send it again.")


class PageRoute(APIRoute):
    """A route that answers people: with pages, also where it refuses."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler inside the session, the form guard and the error pages."""
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            request.state.session, request.state.stale = None, False
            try:
                refuse_foreign(request)
                request.state.session = await resources(request).sessions.open(request, caller_of(request))
                request.state.stale = request.state.session is None and sessions.REFRESH in request.cookies
                response = await answer(request)
            except Exception as error:
                response = failed(request, error)
            return dressed(request, response)

        return handler


def dressed(request: Request, response: Response) -> Response:
    """With the headers of a page, and with the cookies renewed, or gone when they are no use any more."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    session: Session | None = request.state.session
    if "set-cookie" in response.headers:
        return response
    if session and session.renewed:
        session.renewed.put(response, secure=is_secure(request))
    if request.state.stale:
        sessions.forget(response)
    return response


def is_secure(request: Request) -> bool:
    """Whether browsers reach the portal over https."""
    return str(request.app.state.context.settings.public_url).startswith("https:")


def failed(request: Request, error: Exception) -> Response:
    """The page for a refusal or a fault; to htmx a notice beside what is there already."""
    if isinstance(error, NotSignedIn):
        return to_sign_in(request)
    status, title, sentence = _told(error)
    if not by_htmx(request):
        return html(request, "error.html", status=status, title=title, sentence=sentence)
    if request.method == "GET":
        return HTMLResponse("", status, {"HX-Reswap": "none"})
    return html(request, "notice.html", status=status, headers=BESIDE, sentence=sentence, good=False)


BESIDE = {"HX-Retarget": "#trouble", "HX-Reswap": "innerHTML"}


def _told(error: Exception) -> tuple[int, str, str]:
    """Status, heading and sentence of an error."""
    if isinstance(error, RequestValidationError | HTTPException):
        status = getattr(error, "status_code", 404)
        if status == 413:
            return status, "That was too much", "More came at once than this page takes. Go back and choose smaller files."
        return status, "This page is not here", "Nothing was found at this address. Check it, or go on from the start page."
    if isinstance(error, Refused):
        return error.status, "That did not work", error.sentence
    answer = problems.of_refusal(error) if isinstance(error, Refusal) else problems.of_fault(error)
    told = json.loads(bytes(answer.body))
    titles = {403: "This is not open to you", 404: "This page is not here", 503: "One moment, please"}
    return answer.status_code, titles.get(answer.status_code, "That did not work"), told["detail"]


def to_sign_in(request: Request) -> Response:
    """To the sign-in form, and from there back here."""
    back = request.url.path if request.method == "GET" and not by_htmx(request) else urlsplit(request.headers.get("referer", "")).path
    target = "/sign-in" + (f"?next={quote(back)}" if back not in ("", "/") else "")
    return Response(status_code=401, headers={"HX-Redirect": target}) if by_htmx(request) else RedirectResponse(target, 303)


async def who(request: Request) -> Session:
    """The signed-in person. Raises NotSignedIn, which leads to the sign-in form."""
    session: Session | None = request.state.session
    if session is None:
        raise NotSignedIn("Sign in first.")
    return session


Who = Annotated[Session, Depends(who)]


def only(*roles: str) -> Any:
    """A dependency for pages of certain roles; a role that was granted since the token was made is fetched first. Raises RoleNeeded."""

    async def check(request: Request, session: Who) -> Session:
        if not session.principal.roles & set(roles):
            session = await promoted(request, session)
        if not session.principal.roles & set(roles):
            raise RoleNeeded("This page is for people with another role. Go to your own start page, or ask an administrator for the role.")
        return session

    return Depends(check)


async def promoted(request: Request, session: Session) -> Session:
    """The session with fresh roles, where the read model says that this person's partner role is active and their token lacks it."""
    async with request.app.state.context.database.transaction(session.principal) as tx:
        partner = await people.partner(tx, session.principal.user_id)
    refresh = (session.renewed.refresh if session.renewed else None) or request.cookies.get(sessions.REFRESH)
    if partner is None or partner.status != "active" or partner.role in session.principal.roles or not refresh:
        return session
    session = await resources(request).sessions.renew(refresh, session.caller) or session
    request.state.session = session
    return session


async def _read_model(request: Request, _: Who) -> AsyncIterator[Transaction]:
    session: Session = request.state.session
    request.state.live_token = resources(request).live.token
    async with request.app.state.context.database.transaction(session.principal, session.caller) as tx:
        yield tx


ReadModel = Annotated[Transaction, Depends(_read_model, scope="function")]
"""The read model as the signed-in person may see it."""


async def _named(request: Request) -> None:
    session: Session | None = request.state.session
    if session and not by_htmx(request):
        async with request.app.state.context.database.transaction(session.principal) as tx:
            request.state.name = await people.name_of(tx, session.principal.user_id)


NAMED = Depends(_named)
"""Reads the name that whole pages show in their header."""


async def _now() -> datetime:
    return datetime.now(UTC)


Now = Annotated[datetime, Depends(_now)]
