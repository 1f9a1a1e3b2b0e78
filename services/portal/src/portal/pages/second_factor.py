"""The second step of signing in, and enrolling an authenticator app where `identity` asks for one."""

from typing import Any

from chassis.errors import Refusal
from chassis.http import caller_of
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from portal.clients import OnBehalf, Refused, SessionOver
from portal.forms import own_path, status_of, text
from portal.rendering import html
from portal.sessions import Tokens
from portal.web import NAMED, PageRoute, is_secure, resources

router = APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[NAMED])
ACCESS, REFRESH = "chairside_enrolling", "chairside_enrolling_refresh"
PATH, KEPT_SECONDS = "/sign-in/app", 600


def asked_for(request: Request, refusal: Refused, further: str) -> Response:
    """The form for the code that `identity` asks for."""
    if not {"totp", "recovery_code"} & set(refusal.told.get("factors", ())):
        sentence = "This account signs in with a passkey, which these pages do not know yet."
        return html(request, "sign_in.html", status=refusal.status, error=sentence, values={}, next=further)
    return _form(request, str(refusal.told.get("challenge", "")), further)


@router.post("/sign-in/code")
async def answer(request: Request) -> Response:
    """Completes the sign-in with a code of the app, or a recovery code."""
    form = await request.form()
    challenge, further = text(form, "challenge"), own_path(text(form, "next"))
    body = {"challenge": challenge, "code": text(form, "code")}
    try:
        told = await resources(request).services.json(_by(request), "identity", "POST", "/v1/sessions/second-factor", json=body)
    except Refused as refusal:
        if refusal.kind in ("challenge-over", "too-many-codes"):
            return html(request, "sign_in.html", status=refusal.status, error=refusal.sentence, values={}, next=further)
        return _form(request, challenge, further, refusal)
    return signed_in(request, told, further)


def signed_in(request: Request, told: dict[str, Any], further: str) -> Response:
    """On to where the person was on their way to; or to the enrolment, where the session opens no more than that."""
    tokens = Tokens.of(told)
    if not told.get("must_enroll"):
        response = RedirectResponse(further, 303)
        tokens.put(response, secure=is_secure(request))
        return response
    response = RedirectResponse(PATH, 303)
    for name, value in ((ACCESS, tokens.access), (REFRESH, tokens.refresh)):
        response.set_cookie(
            name, value, max_age=KEPT_SECONDS, path=PATH, httponly=True, samesite="lax", secure=is_secure(request)
        )  # fmt: skip
    return response


@router.get(PATH)
async def enroll_form(request: Request) -> Response:
    """A new app's secret, and the field for its first code. Raises SessionOver, which leads to the sign-in form."""
    told = await resources(request).services.json(_enrolling(request), "identity", "POST", "/v1/me/totp")
    return html(request, "second_factor_new.html", error=None, secret=told["secret"], uri=told["uri"])


@router.post(PATH)
async def enroll(request: Request) -> Response:
    """Confirms the app and goes on with a whole session; shows the recovery codes this once."""
    form, asks, services = await request.form(), _enrolling(request), resources(request).services
    try:
        body = {"code": text(form, "code")}
        codes = (await services.json(asks, "identity", "POST", "/v1/me/totp/confirmation", json=body))["recovery_codes"]
    except Refused as refusal:
        uri = text(form, "uri") if text(form, "uri").startswith("otpauth://") else ""
        shown: dict[str, Any] = {"secret": text(form, "secret"), "uri": uri, "error": refusal.sentence}
        return html(request, "second_factor_new.html", status=refusal.status, **shown)
    renewal = {"refresh_token": request.cookies.get(REFRESH, "")}
    told = await services.json(_by(request), "identity", "POST", "/v1/sessions/refresh", json=renewal)
    response = html(request, "recovery_codes.html", codes=codes)
    Tokens.of(told).put(response, secure=is_secure(request))
    for name in (ACCESS, REFRESH):
        response.delete_cookie(name, path=PATH, httponly=True, samesite="lax")
    return response


def _by(request: Request) -> OnBehalf:
    return OnBehalf(caller=caller_of(request))


def _enrolling(request: Request) -> OnBehalf:
    if access := request.cookies.get(ACCESS):
        return OnBehalf(access, caller_of(request))
    raise SessionOver("This took too long. Sign in again.")


def _form(request: Request, challenge: str, further: str, refusal: Refusal | None = None) -> Response:
    told: dict[str, Any] = {"challenge": challenge, "next": further, "error": refusal.sentence if refusal else None}
    return html(request, "second_factor.html", status=status_of(refusal) if refusal else 200, **told)
