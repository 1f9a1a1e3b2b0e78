"""`/account`, "Your data": a copy of all of it, and its end."""

from typing import Any
from uuid import UUID

from chassis.errors import Malformed, Refusal
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from portal import sessions
from portal.clients import Refused
from portal.forms import status_of, text
from portal.rendering import by_htmx, html
from portal.web import NAMED, PageRoute, Who, resources

router = APIRouter(prefix="/account", route_class=PageRoute, include_in_schema=False, dependencies=[NAMED])
KEPT_HEADERS = ("content-type", "content-disposition")


class AddressDiffers(Malformed):
    """What was typed is not the address of the account."""


@router.post("/exports")
async def begin(request: Request, session: Who) -> Response:
    """Asks for a copy of one's data, and goes on to where one sees how far it is."""
    path = f"/v1/users/{session.principal.user_id}/export"
    told = await resources(request).services.json(session.asks, "identity", "POST", path)
    return RedirectResponse(f"/account/exports/{told['id']}", 303)


@router.get("/exports/{export_id}")
async def progress(export_id: UUID, request: Request, session: Who) -> Response:
    """How far the copy is; htmx asks for the part alone, again and again, until it is there."""
    told = await resources(request).services.json(session.asks, "identity", "GET", f"/v1/exports/{export_id}")
    me = await resources(request).services.json(session.asks, "identity", "GET", "/v1/me")
    return html(request, "parts/export.html" if by_htmx(request) else "export.html", export=told, time_zone=me["time_zone"])


@router.get("/exports/{export_id}/archive")
async def archive(export_id: UUID, request: Request, session: Who) -> Response:
    """The copy itself, as identity sends it."""
    path = f"/v1/exports/{export_id}/archive"
    told, content = await resources(request).services.stream(session.asks, "identity", path)
    return StreamingResponse(content, headers={name: told[name] for name in KEPT_HEADERS if name in told})


@router.get("/erasure")
async def erasure(request: Request, session: Who) -> Response:
    """What erasing one's account means, and the form."""
    me = await resources(request).services.json(session.asks, "identity", "GET", "/v1/me")
    return html(request, "erasure.html", me=me, error=None, again=False, values={})


@router.post("/erasure")
async def erase(request: Request, session: Who) -> Response:
    """Erases the account of whoever typed its address, and says what is kept and why."""
    form, calls = await request.form(), resources(request).services
    me = await calls.json(session.asks, "identity", "GET", "/v1/me")
    try:
        _check(text(form, "address"), me)
        told = await calls.json(session.asks, "identity", "POST", f"/v1/users/{session.principal.user_id}/erasure")
    except Refusal as refusal:
        again = isinstance(refusal, Refused) and refusal.kind == "sign-in-again"
        return html(request, "erasure.html", status=status_of(refusal), me=me, error=refusal.sentence, again=again, values={})
    request.state.session, request.state.name = None, None
    response = html(request, "erased.html", told=told)
    sessions.forget(response)
    return response


def _check(typed: str, me: dict[str, Any]) -> None:
    if typed.casefold() != str(me["email"]).casefold():
        raise AddressDiffers("This is not the address of your account. Type it as it stands above, or leave this page.")
