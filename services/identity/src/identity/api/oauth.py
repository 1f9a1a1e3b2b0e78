"""`/v1/oauth/token`: OAuth 2 client credentials (RFC 6749, section 4.4), answered in that document's form, refusals too."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_plus
from uuid import UUID

from chassis.http import Route, caller_of
from chassis.principal import Principal
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from identity.commands import clients as commands
from identity.commands.keys import signing_key
from identity.domain.clients import OAuthRefusal, client_refused
from identity.doors import Now, ServiceSettings
from identity.schemas.clients import TokenOut
from identity.sealing import signing_seal
from identity.tokens import client_token

router = APIRouter(prefix="/v1", route_class=Route)
FORM = "application/x-www-form-urlencoded"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
AT_MOST = 8192
FIELDS: dict[str, Any] = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "scope": {"type": "string", "description": "Separated by spaces; all that the client has where it is missing"},
        "client_id": {"type": "string", "description": "Here and in client_secret, or by HTTP Basic"},
        "client_secret": {"type": "string"},
    },
}
REFUSED = {
    "description": "A refusal of RFC 6749, section 5.2",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["error", "error_description"],
                "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
            }
        }
    },
}


@dataclass(frozen=True)
class Asked:
    """Who asks for a token, how it is proven, and for which scopes."""

    client_id: UUID
    secret: str
    scope: str | None


@router.post(
    "/oauth/token",
    operation_id="getToken",
    response_model=TokenOut,
    responses={400: REFUSED, 401: REFUSED},
    openapi_extra={"requestBody": {"required": True, "content": {FORM: {"schema": FIELDS}}}},
)
async def token(request: Request, settings: ServiceSettings, now: Now) -> Response:
    """Get an access token for a machine client, by HTTP Basic or with client_id and client_secret in the form."""
    try:
        asked = _read(request.headers.get("content-type", ""), await request.body(), request.headers.get("authorization"))
        acting = Principal("system", asked.client_id, client=True)
        async with request.app.state.context.database.transaction(acting, caller_of(request)) as tx:
            scopes = await commands.prove(tx, asked.client_id, asked.secret, asked.scope)
            key = await signing_key(tx, signing_seal(settings), now)
    except OAuthRefusal as refusal:
        return _refused(refusal)
    made = TokenOut(access_token=client_token(key, asked.client_id, scopes, settings, now), scope=" ".join(sorted(scopes)))
    return JSONResponse(made.model_dump(), headers=NO_STORE)


def _read(content_type: str, body: bytes, authorization: str | None) -> Asked:
    """What was asked, and by whom. Raises OAuthRefusal."""
    form = _form(content_type, body)
    if (grant := form.get("grant_type")) is None:
        raise OAuthRefusal("invalid_request", "grant_type is missing. Send grant_type=client_credentials.")
    if grant != "client_credentials":
        raise OAuthRefusal("unsupported_grant_type", "Only client_credentials is given here. People sign in at /v1/sessions.")
    by_form = form.get("client_id"), form.get("client_secret")
    if authorization is not None and by_form[1] is not None:
        raise OAuthRefusal("invalid_request", "Send the client's secret once: by HTTP Basic, or in the form.")
    client_id, secret = by_form if authorization is None else _basic(authorization)
    if authorization is not None and by_form[0] not in (None, client_id):
        raise OAuthRefusal("invalid_request", "The client_id of the form is not that of HTTP Basic. Send one.")
    try:
        return Asked(UUID(client_id or ""), secret or "", form.get("scope"))
    except ValueError:
        raise client_refused() from None


def _form(content_type: str, body: bytes) -> dict[str, str]:
    """The fields; one without a value counts as missing, one that comes twice is refused (RFC 6749, section 3.2)."""
    if content_type.partition(";")[0].strip().lower() != FORM or len(body) > AT_MOST:
        raise OAuthRefusal("invalid_request", f"Send the fields as {FORM}.")
    try:
        pairs = parse_qsl(body.decode(), max_num_fields=20, errors="strict")
    except ValueError:
        raise OAuthRefusal("invalid_request", f"The form cannot be read. Send the fields as {FORM}, in UTF-8.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthRefusal("invalid_request", "A field came twice. Send each once.")
    return form


def _basic(authorization: str) -> tuple[str, str]:
    """Id and secret of HTTP Basic, each form-encoded as RFC 6749, section 2.3.1 wants it."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise client_refused()
        client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise client_refused() from None
    return unquote_plus(client_id), unquote_plus(secret) if colon else ""


def _refused(refusal: OAuthRefusal) -> Response:
    known = refusal.error == "invalid_client"
    headers = NO_STORE | ({"WWW-Authenticate": 'Basic realm="chairside"'} if known else {})
    return JSONResponse({"error": refusal.error, "error_description": refusal.sentence}, 401 if known else 400, headers)
