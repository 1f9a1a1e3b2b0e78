"""The start page, signing up, signing in and out."""

from contextlib import suppress
from typing import Any

from chassis.errors import NotSignedIn, Refusal
from chassis.http import caller_of
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from portal import sessions
from portal.clients import OnBehalf, Refused, SessionOver
from portal.forms import optional, own_path, status_of, text, typed
from portal.pages.second_factor import asked_for, signed_in
from portal.queries import people
from portal.rendering import html
from portal.sessions import Session
from portal.web import NAMED, PageRoute, promoted, resources

router = APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[NAMED])
ZONES = {
    "America/New_York": "Eastern (New York)",
    "America/Indiana/Indianapolis": "Eastern (Indianapolis)",
    "America/Chicago": "Central (Chicago)",
    "America/Denver": "Mountain (Denver)",
    "America/Phoenix": "Mountain, no daylight saving (Phoenix)",
    "America/Los_Angeles": "Pacific (Los Angeles)",
    "America/Anchorage": "Alaska (Anchorage)",
    "Pacific/Honolulu": "Hawaii (Honolulu)",
}


@router.get("/")
async def start(request: Request) -> Response:
    """Where a signed-in person works; a welcome to anyone else."""
    session: Session | None = request.state.session
    if session is None:
        return html(request, "welcome.html")
    return RedirectResponse(await home_of(request, session), 303)


async def home_of(request: Request, session: Session) -> str:
    """The page that a person most likely wants."""
    if "admin" in session.principal.roles:
        return "/admin/partners"
    session = await promoted(request, session)
    if "program_holder" in session.principal.roles:
        return "/program-holder"
    async with request.app.state.context.database.transaction(session.principal) as tx:
        applied = await people.partner(tx, session.principal.user_id)
    return "/onboarding/start" if applied else "/student"


@router.get("/sign-in")
async def sign_in_form(request: Request, next: str = "") -> Response:
    """The form."""
    return html(request, "sign_in.html", error=None, values={}, next=own_path(next))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Signs in, and goes on to where the person was on their way to."""
    form = await request.form()
    further = own_path(text(form, "next"))
    try:
        told = await _open(request, text(form, "email"), str(form.get("password", "")))
    except Refusal as refusal:
        if isinstance(refusal, Refused) and refusal.kind == "second-factor-required":
            return asked_for(request, refusal, further)
        return html(request, "sign_in.html", status=status_of(refusal), error=refusal.sentence, values=typed(form), next=further)
    return signed_in(request, told, further)


@router.get("/sign-up")
async def sign_up_form(request: Request, next: str = "") -> Response:
    """The form."""
    return html(request, "sign_up.html", error=None, values={}, next=own_path(next), zones=ZONES)


@router.post("/sign-up")
async def sign_up(request: Request) -> Response:
    """Makes the account and signs in."""
    form = await request.form()
    further = own_path(text(form, "next"))
    password = str(form.get("password", ""))
    wanted: dict[str, Any] = {name: text(form, name) for name in ("email", "name", "time_zone")}
    wanted |= {"password": password, "phone": _phone(optional(form, "phone"))}
    try:
        asks = OnBehalf(caller=caller_of(request))
        await resources(request).services.call(asks, "identity", "POST", "/v1/users", key=text(form, "key") or None, json=wanted)
        told = await _open(request, wanted["email"], password)
    except Refusal as refusal:
        shown: dict[str, Any] = {"error": refusal.sentence, "values": typed(form), "next": further, "zones": ZONES}
        return html(request, "sign_up.html", status=status_of(refusal), **shown)
    return signed_in(request, told, further)


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Ends the session, here and at `identity`; should that not answer, at least here."""
    session: Session | None = request.state.session
    if session:
        with suppress(Refusal):
            await resources(request).services.call(session.asks, "identity", "DELETE", "/v1/sessions/current")
    response = RedirectResponse("/", 303)
    sessions.forget(response)
    return response


async def _open(request: Request, email: str, password: str) -> dict[str, Any]:
    """What `identity` answers to a sign-in."""
    asks = OnBehalf(caller=caller_of(request))
    body = {"email": email, "password": password}
    try:
        told: dict[str, Any] = await resources(request).services.json(asks, "identity", "POST", "/v1/sessions", json=body)
        return told
    except SessionOver as refusal:
        raise NotSignedIn(refusal.sentence) from refusal


def _phone(told: str | None) -> str | None:
    """In international form; ten digits are a number of the United States."""
    digits = "".join(sign for sign in told or "" if sign.isdecimal())
    if not digits:
        return None
    return f"+1{digits}" if len(digits) == 10 and not str(told).startswith("+") else f"+{digits}"
