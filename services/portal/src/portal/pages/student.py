"""`/student`: a student's courses, services, hours of the week, alerts, and how far they are in all (SPEC 3.12)."""

from datetime import datetime
from typing import Any

from chassis.database import Transaction
from chassis.limits import UPLOAD_BYTES
from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData

from portal import domain
from portal.clients import OnBehalf, Services
from portal.forms import answered, optional, text, whole
from portal.pages import entries, parts
from portal.pages.parts import Part
from portal.queries import alerts, people, services
from portal.queries.standings import Standing, standings
from portal.rendering import by_htmx, html
from portal.sessions import Session
from portal.web import NAMED, Now, PageRoute, ReadModel, Who, resources

router = APIRouter(prefix="/student", route_class=PageRoute, include_in_schema=False, dependencies=[NAMED])


async def _standing(tx: Transaction, session: Session, now: datetime) -> dict[str, Any]:
    return {"standings": await standings(tx, now, session.principal.user_id)}


async def _alerts(tx: Transaction, session: Session, now: datetime) -> dict[str, Any]:
    return {"alerts": await alerts.open_alerts(tx, session.principal.user_id)}


async def _hours(tx: Transaction, session: Session, now: datetime) -> dict[str, Any]:
    told = await _standing(tx, session, now)
    monday = min((domain.week_start(each.today) for each in told["standings"]), default=domain.week_start(now.date()))
    return told | {"entries": await people.hours(tx, session.principal.user_id, monday)}


async def _services(tx: Transaction, session: Session, now: datetime) -> dict[str, Any]:
    return await _standing(tx, session, now) | {"recent": await services.recent(tx, session.principal.user_id)}


async def _messages(tx: Transaction, session: Session, now: datetime) -> dict[str, Any]:
    return {"messages": await people.messages(tx, session.principal.user_id)}


PARTS = (
    Part("overall", "Progress", ("people", "courses", "skills"), _standing),
    Part("alerts", "Alerts", ("alerts",), _alerts),
    Part("courses", "Theory courses", ("people", "courses"), _standing),
    Part("hours", "Hours this week", ("people", "hours"), _hours),
    Part("skills", "Services on the chair", ("people", "skills"), _services),
    Part("messages", "Messages to you", ("messages",), _messages),
)


@router.get("")
async def page(request: Request, session: Who, tx: ReadModel, now: Now) -> Response:
    """The whole page."""
    context = await parts.loaded(PARTS, tx, session, now)
    return html(request, "student.html", parts={part.name: part for part in PARTS}, base="/student", **context, **forms_of(context))


def forms_of(context: dict[str, Any]) -> dict[str, Any]:
    """What the forms on the page begin with: the enrollments that take hours and services."""
    active = [each for each in context["standings"] if each.status == "active"]
    return {"active": active, "entry_id": None, "error": None, "done": None, "values": {}}


@router.get("/parts/{name}")
async def part(request: Request, name: str, session: Who, tx: ReadModel, now: Now) -> Response:
    """One part, as it is now."""
    return await parts.one(request, PARTS, name, tx, session, now)


async def _active(request: Request, session: Session, now: datetime) -> list[Standing]:
    async with request.app.state.context.database.transaction(session.principal) as tx:
        return [each for each in await standings(tx, now, session.principal.user_id) if each.status == "active"]


@router.post("/hours")
async def log_hours(request: Request, session: Who, now: Now) -> Response:
    """Logs hours at `compliance`."""
    form = await request.form()
    calls = resources(request).services
    context = {"active": await _active(request, session, now)}
    return await answered(
        request, "forms/hours.html", lambda: _log_hours(calls, session.asks, form), then="/student", form=form, context=context
    )


async def _log_hours(calls: Services, asks: OnBehalf, form: FormData) -> str:
    minutes = 60 * whole(form, "hours", "Hours", 0) + whole(form, "minutes", "Minutes", 0)
    entry = {
        "enrollment_id": text(form, "enrollment_id"), "work_date": text(form, "work_date"), "minutes": minutes,
        "category": text(form, "category"), "source": "manual", "notes": optional(form, "notes"),
    }  # fmt: skip
    await calls.call(asks, "compliance", "POST", "/v1/hours", key=text(form, "key") or None, json=entry)
    return f"Logged: {domain.hours(minutes)} hours on {entry['work_date']}."


@router.post("/services", max_body_size=UPLOAD_BYTES)
async def log_service(request: Request, session: Who, now: Now) -> Response:
    """Logs a service on the chair at `skills`, with its photos, and submits it for approval."""
    form = await request.form()
    context: dict[str, Any] = {"active": await _active(request, session, now), "entry_id": optional(form, "entry_id")}
    calls = resources(request).services

    async def work() -> str:
        context["entry_id"] = await entries.draft(calls, session.asks, form, context["active"])
        return await entries.submit(calls, session.asks, context["entry_id"], form)

    return await answered(request, "forms/service.html", work, then="/student", form=form, context=context)


@router.post("/launches")
async def launch(request: Request, session: Who) -> Response:
    """Fetches a one-time address of the course from Milady, and goes there."""
    form = await request.form()
    wanted = {"enrollment_id": text(form, "enrollment_id"), "course_code": text(form, "course_code")}
    told = await resources(request).services.json(session.asks, "milady-sync", "POST", "/v1/launches", json=wanted)
    if by_htmx(request):
        return Response(headers={"HX-Redirect": told["url"]})
    return html(request, "launch.html", url=told["url"])
