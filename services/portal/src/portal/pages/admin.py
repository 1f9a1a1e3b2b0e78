"""`/admin/partners`: the partner queue, everyone's alerts, and what was done lately (SPEC 3.12)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from chassis.database import Transaction
from fastapi import APIRouter, Request, Response

from portal.forms import noticed, optional, text
from portal.pages import parts
from portal.pages.parts import Part
from portal.queries import alerts, people
from portal.rendering import html
from portal.sessions import Session
from portal.web import NAMED, Now, PageRoute, ReadModel, only, resources

ADMIN = only("admin")
Admin = Annotated[Session, ADMIN]
router = APIRouter(prefix="/admin/partners", route_class=PageRoute, include_in_schema=False, dependencies=[ADMIN, NAMED])


async def _queue(tx: Transaction, session: Session, now: datetime) -> dict[str, Any]:
    return {"partners": await people.partners(tx)}


async def _alerts(tx: Transaction, session: Session, now: datetime) -> dict[str, Any]:
    return {"alerts": await alerts.open_alerts(tx)}


async def _audit(tx: Transaction, session: Session, now: datetime) -> dict[str, Any]:
    return {"entries": await people.audit(tx)}


PARTS = (
    Part("queue", "Partners", ("partners", "people"), _queue),
    Part("holder_alerts", "Open alerts", ("alerts", "people"), _alerts),
    Part("audit", "Latest audit entries", ("audit",), _audit),
)


@router.get("")
async def page(request: Request, tx: ReadModel, session: Admin, now: Now) -> Response:
    """The whole page."""
    context = await parts.loaded(PARTS, tx, session, now)
    return html(request, "admin_partners.html", parts={part.name: part for part in PARTS}, base="/admin/partners", **context)


@router.get("/parts/{name}")
async def part(request: Request, name: str, tx: ReadModel, session: Admin, now: Now) -> Response:
    """One part, as it is now."""
    return await parts.one(request, PARTS, name, tx, session, now)


@router.post("/{user_id}/approval")
async def approve(request: Request, user_id: UUID, session: Admin) -> Response:
    """Approves a partner at `onboarding`."""
    form = await request.form()
    calls = resources(request).services

    async def work() -> str:
        told = await calls.json(session.asks, "onboarding", "POST", f"/v1/partners/{user_id}/approval", key=optional(form, "key"), json={})
        active = bool(told) and told.get("status") == "active"
        return "Approved, and active now." if active else "Approved. They become active when all papers are signed."

    return await noticed(request, work, then="/admin/partners")


@router.post("/{user_id}/suspension")
async def suspend(request: Request, user_id: UUID, session: Admin) -> Response:
    """Suspends a partner at `onboarding`, with the reason that they will read."""
    form = await request.form()
    calls, reason = resources(request).services, {"reason": text(form, "reason")}

    async def work() -> str:
        path = f"/v1/partners/{user_id}/suspension"
        await calls.call(session.asks, "onboarding", "POST", path, key=optional(form, "key"), json=reason)
        return "Suspended. They are told by email, and read why on their page."

    return await noticed(request, work, then="/admin/partners")


@router.post("/{user_id}/reinstatement")
async def reinstate(request: Request, user_id: UUID, session: Admin) -> Response:
    """Lifts a partner's suspension at `onboarding`."""
    calls = resources(request).services

    async def work() -> str:
        told = await calls.json(session.asks, "onboarding", "DELETE", f"/v1/partners/{user_id}/suspension")
        active = bool(told) and told.get("status") == "active"
        return "Reinstated, and active now." if active else "Reinstated. They become active when all papers are signed."

    return await noticed(request, work, then="/admin/partners")
