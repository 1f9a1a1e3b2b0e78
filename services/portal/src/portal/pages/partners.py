"""`/partners/join` and `/onboarding`: applying for a partner's role, reading and signing the papers (SPEC 3.7)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.http import caller_of
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from portal.clients import OnBehalf, Refused
from portal.forms import answered, noticed, optional, text
from portal.pages import parts
from portal.pages.parts import Part
from portal.queries import people
from portal.rendering import html
from portal.sessions import Session
from portal.web import NAMED, Now, PageRoute, ReadModel, Who, promoted, resources

router = APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[NAMED])


async def _state(tx: Transaction, session: Session, now: datetime) -> dict[str, Any]:
    return {"partner": await people.partner(tx, session.principal.user_id)}


PARTS = (Part("partner_state", "Where you are", ("partners",), _state),)


@router.get("/partners/join")
async def join(request: Request) -> Response:
    """The roles, as data of `onboarding`; open to anyone."""
    session: Session | None = request.state.session
    asks = session.asks if session else OnBehalf(caller=caller_of(request))
    told = await resources(request).services.json(asks, "onboarding", "GET", "/v1/role-packages")
    applied = None
    if session:
        async with request.app.state.context.database.transaction(session.principal) as tx:
            applied = await people.partner(tx, session.principal.user_id)
    return html(request, "join.html", packages=told.get("items", told) if isinstance(told, dict) else told, applied=applied)


@router.post("/partners/join")
async def apply(request: Request, session: Who) -> Response:
    """Applies for a role, and goes on to the papers."""
    form = await request.form()
    role = {"role": text(form, "role")}
    calls = resources(request).services

    async def work() -> str:
        await calls.call(session.asks, "onboarding", "POST", "/v1/partners", key=optional(form, "key"), json=role)
        return "You have applied."

    return await noticed(request, work, then="/onboarding/start")


@router.get("/onboarding/start")
async def start(request: Request, session: Who, now: Now) -> Response:
    """The papers of one's role, with what is still missing."""
    session = await promoted(request, session)
    try:
        papers = await _papers(request, session)
    except Refused as refused:
        if refused.status == 404:
            return RedirectResponse("/partners/join", 303)
        raise
    request.state.live_token = resources(request).live.token
    async with request.app.state.context.database.transaction(session.principal) as tx:
        context = await parts.loaded(PARTS, tx, session, now)
    return html(request, "onboarding.html", parts={part.name: part for part in PARTS}, base="/onboarding", **papers, **context)


async def _papers(request: Request, session: Session) -> dict[str, Any]:
    """The person's partner profile, and the documents of its role with what is signed. Raises Refused (404) where nobody applied."""
    calls = resources(request).services
    profile = await calls.json(session.asks, "onboarding", "GET", "/v1/partners/me")
    packet = await calls.json(session.asks, "onboarding", "GET", "/v1/packets/current", params={"role": profile["role"]})
    return {"profile": profile, "documents": packet["documents"]}


@router.get("/onboarding/parts/{name}")
async def part(request: Request, name: str, session: Who, tx: ReadModel, now: Now) -> Response:
    """How far the application is, as it is now."""
    return await parts.one(request, PARTS, name, tx, session, now)


@router.get("/onboarding/documents/{document_id}")
async def document(request: Request, document_id: UUID, session: Who) -> Response:
    """A document, whole, and below it the form to sign it."""
    return html(request, "document.html", error=None, done=None, values={}, **await _document(request, session, document_id))


async def _document(request: Request, session: Session, document_id: UUID) -> dict[str, Any]:
    told = await resources(request).services.json(session.asks, "onboarding", "GET", f"/v1/documents/{document_id}")
    papers = await _papers(request, session)
    listed: dict[str, Any] = next((each for each in papers["documents"] if each["id"] == str(document_id)), {})
    return {"document": told, "listed": listed}


@router.post("/onboarding/documents/{document_id}/signatures")
async def sign(request: Request, document_id: UUID, session: Who) -> Response:
    """Signs the exact text that was shown: its hash goes along."""
    form = await request.form()
    signing = {
        "document_hash": text(form, "document_hash"),
        "typed_name": text(form, "typed_name"),
        "intent": text(form, "intent") == "yes",
        "electronic_records_consent": text(form, "electronic_records_consent") == "yes",
    }
    calls = resources(request).services

    async def work() -> str:
        path = f"/v1/documents/{document_id}/signatures"
        await calls.call(session.asks, "onboarding", "POST", path, key=optional(form, "key"), json=signing)
        return "Signed. A copy is on its way to you by email."

    told: dict[str, Any] = {"form": form, "context": await _document(request, session, document_id), "page": "document.html"}
    return await answered(request, "forms/signature.html", work, then="/onboarding/start", **told)
