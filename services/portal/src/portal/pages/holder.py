"""`/program-holder`: the holder's students, their alerts, and the services that wait for a decision (SPEC 3.12)."""

from datetime import datetime
from typing import Annotated, Any

from chassis.database import Transaction
from fastapi import APIRouter, Request, Response

from portal.clients import OnBehalf, Services
from portal.forms import FieldWrong, answered, noticed, optional, text
from portal.pages import parts, programs
from portal.pages.account import ZONES
from portal.pages.parts import Part
from portal.queries import alerts, people, services
from portal.queries.standings import standings
from portal.rendering import html
from portal.sessions import Session
from portal.web import NAMED, Now, PageRoute, ReadModel, only, resources

HOLDER = only("program_holder")
Holder = Annotated[Session, HOLDER]
LEFT = {"no-after-photo": "without a photo of the result", "own-entry": "of your own"}
"""Why an entry was not approved with the others."""
router = APIRouter(prefix="/program-holder", route_class=PageRoute, include_in_schema=False, dependencies=[HOLDER, NAMED])


async def _students(tx: Transaction, session: Session, now: datetime) -> dict[str, Any]:
    held = await people.programs(tx, session.principal.user_id)
    return {"standings": await standings(tx, now), "as_of": await people.data_as_of(tx), "programs": held}


async def _alerts(tx: Transaction, session: Session, now: datetime) -> dict[str, Any]:
    return {"alerts": await alerts.open_alerts(tx)}


async def _approvals(tx: Transaction, session: Session, now: datetime) -> dict[str, Any]:
    return {"pending": await services.pending(tx), "pending_count": await services.count_pending(tx)}


PARTS = (
    Part("students", "Your students", ("people", "courses", "hours", "skills", "alerts", "syncs"), _students),
    Part("holder_alerts", "Open alerts", ("alerts", "people"), _alerts),
    Part("approvals", "Services to approve", ("skills", "people"), _approvals),
)


@router.get("")
async def page(request: Request, tx: ReadModel, session: Holder, now: Now) -> Response:
    """The whole page."""
    context = await parts.loaded(PARTS, tx, session, now)
    return html(request, "program_holder.html", parts={part.name: part for part in PARTS}, base="/program-holder", **context)


@router.get("/parts/{name}")
async def part(request: Request, name: str, tx: ReadModel, session: Holder, now: Now) -> Response:
    """One part, as it is now."""
    return await parts.one(request, PARTS, name, tx, session, now)


@router.post("/approvals")
async def approve_all(request: Request, session: Holder) -> Response:
    """Approves every service that waits, each on its own, and says which were left."""
    form = await request.form()
    calls = resources(request).services
    return await noticed(request, lambda: _approve_all(calls, session.asks, form), then="/program-holder")


async def _approve_all(calls: Services, asks: OnBehalf, form: Any) -> str:
    told = await calls.json(asks, "skills", "POST", "/v1/approvals", key=optional(form, "key"), json={})
    approved, left = len(told["approved"]), [each["reason"] for each in told["skipped"]]
    sentence = f"{approved} service{'s' if approved != 1 else ''} approved."
    if left:
        why = ", ".join(f"{left.count(reason)} {LEFT.get(reason, reason)}" for reason in sorted(set(left)))
        sentence += f" Left to review individually: {why}."
    return sentence


@router.get("/programs/new")
async def program_form(request: Request, session: Holder) -> Response:
    """The form to publish a program, filled in as for barbers."""
    return html(request, "program_new.html", error=None, done=None, values=programs.BARBER, zones=ZONES)


@router.post("/programs")
async def publish(request: Request, session: Holder) -> Response:
    """Publishes a program at `onboarding`."""
    form = await request.form()
    calls = resources(request).services

    async def work() -> str:
        program = programs.program_of(form)
        await calls.call(session.asks, "onboarding", "POST", "/v1/programs", key=optional(form, "key"), json=program)
        return f"{program['name']} is published. You can enroll students now."

    told: dict[str, Any] = {"form": form, "context": {"zones": ZONES}, "page": "program_new.html"}
    return await answered(request, "forms/program.html", work, then="/program-holder", **told)


@router.get("/students/new")
async def enroll_form(request: Request, tx: ReadModel, session: Holder, now: Now) -> Response:
    """The form to enroll a student."""
    held = await people.programs(tx, session.principal.user_id)
    return html(request, "enroll.html", error=None, done=None, values={}, programs=held, today=now.date())


@router.post("/students")
async def enroll(request: Request, session: Holder, now: Now) -> Response:
    """Enrolls the person with this address at `onboarding`."""
    form = await request.form()
    async with request.app.state.context.database.transaction(session.principal) as tx:
        held = await people.programs(tx, session.principal.user_id)
        student_id = await people.with_email(tx, text(form, "email"))
    calls = resources(request).services

    async def work() -> str:
        if student_id is None:
            raise FieldWrong("Nobody has signed up with this email address. Ask the student to sign up first, then enroll them.")
        wanted = {"program_id": text(form, "program_id"), "student_id": str(student_id), "started_on": text(form, "started_on")}
        await calls.call(session.asks, "onboarding", "POST", "/v1/enrollments", key=optional(form, "key"), json=wanted)
        return "Enrolled. Their Milady account is being set up, and they get a welcome by email."

    told: dict[str, Any] = {"form": form, "context": {"programs": held, "today": now.date()}, "page": "enroll.html"}
    return await answered(request, "forms/enroll.html", work, then="/program-holder", **told)
