"""Pages that mails lead to: a forgotten password, and an address to verify. Nobody need be signed in."""

from typing import Any

from chassis.errors import Refusal
from chassis.http import caller_of
from fastapi import APIRouter, Request, Response

from portal.clients import OnBehalf
from portal.forms import status_of, text, typed
from portal.rendering import html
from portal.web import NAMED, PageRoute, resources

router = APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[NAMED])
FORGOT, RESET, VERIFICATION = "forgot_password.html", "password_reset.html", "email_verification.html"


@router.get("/forgot-password")
async def forgot_form(request: Request) -> Response:
    """The form."""
    return html(request, FORGOT, done=None, error=None, values={})


@router.post("/forgot-password")
async def forgot(request: Request) -> Response:
    """Asks for the mail; the answer is the same whether or not there is an account."""
    form = await request.form()
    done = "If there is an account with this address, a mail with a link is on its way. The link works for 30 minutes."
    return await _sent(request, FORGOT, "/v1/password-resets", {"email": text(form, "email")}, typed(form), done)


@router.get("/password-reset")
async def reset_form(request: Request) -> Response:
    """The form; the link's token comes in the fragment, which stays in the browser until the form is sent."""
    return html(request, RESET, done=None, error=None, values={})


@router.post("/password-reset")
async def reset(request: Request) -> Response:
    """Sets the new password."""
    form = await request.form()
    body = {"token": text(form, "token"), "password": str(form.get("password", ""))}
    done = "Your new password is set, and you are signed out everywhere. Sign in with it now."
    return await _sent(request, RESET, "/v1/password-resets/completion", body, typed(form), done)


@router.get("/email-verification")
async def verification_form(request: Request) -> Response:
    """A button: mail programs that look at links must not use them up."""
    return html(request, VERIFICATION, done=None, error=None, values={})


@router.post("/email-verification")
async def verify(request: Request) -> Response:
    """Verifies the address."""
    form = await request.form()
    body = {"token": text(form, "token")}
    return await _sent(
        request, VERIFICATION, "/v1/email-verifications/completion", body, typed(form), "Thank you. Your address is verified."
    )


async def _sent(request: Request, template: str, path: str, body: dict[str, str], values: dict[str, str], done: str) -> Response:
    told: dict[str, Any] = {"done": done, "error": None, "values": {}}
    try:
        await resources(request).services.call(OnBehalf(caller=caller_of(request)), "identity", "POST", path, json=body)
        status = 200
    except Refusal as refusal:
        told, status = {"done": None, "error": refusal.sentence, "values": values}, status_of(refusal)
    return html(request, template, status=status, **told)
