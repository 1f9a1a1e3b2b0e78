"""Passkeys, and signing in with one."""

from typing import Any

from chassis.http import Route, location
from chassis.pagination import Page
from fastapi import APIRouter, Response

from identity import queries
from identity.commands import passkeys as commands
from identity.commands.keys import signing_key
from identity.doors import Now, OwnSystemTransaction, SecretTransaction, ServiceSettings
from identity.passkeys import Site
from identity.schemas.passkeys import PasskeyId, PasskeyIn, PasskeyMade, PasskeyOut, PasskeySignIn, encoded
from identity.schemas.sessions import SessionOut
from identity.sealing import signing_seal

router = APIRouter(prefix="/v1", route_class=Route)


@router.post("/me/passkeys/options", operation_id="beginPasskey")
async def begin(tx: OwnSystemTransaction, settings: ServiceSettings, now: Now) -> dict[str, Any]:
    """Begin to make a passkey: what `PublicKeyCredential.parseCreationOptionsFromJSON` takes, for five minutes.

    The first factor takes a sign-in of the last ten minutes.
    """
    return await commands.begin(tx, tx.principal.user_id, Site.of(settings), now)


@router.post("/me/passkeys", status_code=201, operation_id="registerPasskey")
async def register(body: PasskeyIn, tx: OwnSystemTransaction, settings: ServiceSettings, now: Now, answer: Response) -> PasskeyMade:
    """Take a passkey into use. With the first second factor come recovery codes, shown this once."""
    user_id = tx.principal.user_id
    passkey_id, codes = await commands.register(tx, user_id, body.name, body.credential, Site.of(settings), now)
    answer.headers["Location"] = location("/v1/me/passkeys", encoded(passkey_id))
    return PasskeyMade(id=encoded(passkey_id), name=body.name, made_at=now, used_at=None, recovery_codes=codes)


@router.get("/me/passkeys", operation_id="listPasskeys")
async def listed(tx: OwnSystemTransaction) -> Page[PasskeyOut]:
    """One's passkeys, the oldest first."""
    return Page(items=[PasskeyOut.of(row) for row in await queries.passkeys(tx, tx.principal.user_id)], next_cursor=None)


@router.delete("/me/passkeys/{passkey_id}", status_code=204, operation_id="removePasskey")
async def remove(passkey_id: PasskeyId, tx: OwnSystemTransaction, settings: ServiceSettings) -> None:
    """Remove a passkey, in a session that was begun with a second factor."""
    await commands.remove(tx, tx.principal.user_id, passkey_id, required=settings.admin_second_factor == "required")


@router.post("/sessions/passkey/options", operation_id="beginPasskeySignIn")
async def begin_sign_in(tx: SecretTransaction, settings: ServiceSettings, now: Now) -> dict[str, Any]:
    """Begin to sign in with a passkey: what `PublicKeyCredential.parseRequestOptionsFromJSON` takes, for five minutes."""
    return await commands.begin_sign_in(tx, Site.of(settings), now)


@router.post("/sessions/passkey", status_code=201, operation_id="signInWithPasskey")
async def sign_in(body: PasskeySignIn, tx: SecretTransaction, settings: ServiceSettings, now: Now, answer: Response) -> SessionOut:
    """Sign in with a passkey, without a password; it is two factors in one."""
    answer.headers["Location"] = "/v1/sessions/current"
    granted = await commands.sign_in(tx, body.credential, Site.of(settings), now)
    return SessionOut.of(granted, await signing_key(tx, signing_seal(settings), now), settings, now)
