"""`/account`: one's own sessions and password."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from portal.forms import answered, noticed
from portal.rendering import html
from portal.sessions import Session
from portal.web import NAMED, PageRoute, Who, resources

router = APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[NAMED])
HERE = "/account"


@router.get("/account")
async def account(request: Request, session: Who) -> Response:
    """Who one is to Chairside, where one is signed in, and a new password."""
    services = resources(request).services
    me = await services.json(session.asks, "identity", "GET", "/v1/me")
    sessions = await services.json(session.asks, "identity", "GET", "/v1/sessions")
    return html(request, "account.html", me=me, sessions=sessions["items"], done=None, error=None, values={})


@router.post("/account/sessions/end-others")
async def end_others(request: Request, session: Who) -> Response:
    """Signs out everywhere else."""
    return await _ended(request, session, "/v1/sessions", "You are signed out everywhere else.")


@router.post("/account/sessions/{session_id}/end")
async def end_one(session_id: UUID, request: Request, session: Who) -> Response:
    """Ends one session."""
    return await _ended(request, session, f"/v1/sessions/{session_id}", "This session is over.")


@router.post("/account/verification")
async def ask_for_verification(request: Request, session: Who) -> Response:
    """Has the mail sent again that verifies one's address."""

    async def work() -> str:
        await resources(request).services.call(session.asks, "identity", "POST", "/v1/email-verifications")
        return "The mail is on its way."

    return await noticed(request, work, then=HERE)


@router.post("/account/password")
async def change_password(request: Request, session: Who) -> Response:
    """Changes the password."""
    form = await request.form()
    body = {"present": str(form.get("present", "")), "password": str(form.get("password", ""))}

    async def work() -> str:
        await resources(request).services.call(session.asks, "identity", "PUT", "/v1/me/password", json=body)
        return "Your new password is set, and your other sessions are over."

    context: dict[str, Any] = {"heading": "Change your password"}
    return await answered(request, "forms/password.html", work, then=HERE, form=form, context=context)


async def _ended(request: Request, session: Session, path: str, sentence: str) -> Response:
    async def work() -> str:
        await resources(request).services.call(session.asks, "identity", "DELETE", path)
        return sentence

    return await noticed(request, work, then=HERE)
