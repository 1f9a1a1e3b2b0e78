"""Authenticator apps, and the second step of a sign-in."""

from chassis import problems
from chassis.http import Route
from fastapi import APIRouter, Response

from identity.commands import factors
from identity.commands import totp as commands
from identity.commands.keys import signing_key
from identity.domain.factors import SecondFactorRefused
from identity.doors import ChallengedTransaction, Now, OwnSystemTransaction, ServiceSettings
from identity.schemas.factors import RecoveryCodesOut, SecondFactorIn, TotpConfirmation, TotpOut
from identity.schemas.sessions import SessionOut
from identity.sealing import signing_seal, totp_seal

router = APIRouter(prefix="/v1", route_class=Route)


@router.post("/sessions/second-factor", status_code=201, response_model=SessionOut, operation_id="answerSecondFactor")
async def answer(
    body: SecondFactorIn, tx: ChallengedTransaction, settings: ServiceSettings, now: Now, answered: Response
) -> SessionOut | Response:
    """Complete a sign-in that was answered `second-factor-required`."""
    told = body.challenge.get_secret_value(), body.code.get_secret_value()
    granted = await factors.answer(tx, tx.principal.user_id, *told, totp_seal(settings), now)
    # Answered, not raised: that the code was wrong must be committed.
    if granted is None:
        return problems.of_refusal(SecondFactorRefused())
    answered.headers["Location"] = "/v1/sessions/current"
    return SessionOut.of(granted, await signing_key(tx, signing_seal(settings), now), settings, now)


@router.post("/me/totp", status_code=201, operation_id="beginTotp")
async def begin(tx: OwnSystemTransaction, settings: ServiceSettings, now: Now) -> TotpOut:
    """Begin to use an authenticator app; it counts once a code of its confirms it.

    The first factor takes a sign-in of the last ten minutes.
    """
    secret, uri = await commands.begin(tx, tx.principal.user_id, totp_seal(settings), now)
    return TotpOut(secret=secret, uri=uri)


@router.post("/me/totp/confirmation", operation_id="confirmTotp")
async def confirm(body: TotpConfirmation, tx: OwnSystemTransaction, settings: ServiceSettings, now: Now) -> RecoveryCodesOut:
    """Confirm the app; from now on signing in with the password takes a code too."""
    codes = await commands.confirm(tx, tx.principal.user_id, body.code, totp_seal(settings), now)
    return RecoveryCodesOut(recovery_codes=codes)


@router.delete("/me/totp", status_code=204, operation_id="removeTotp")
async def remove(tx: OwnSystemTransaction, settings: ServiceSettings) -> None:
    """Remove the app, and the recovery codes with the last factor, in a session that was begun with a second factor."""
    await commands.remove(tx, tx.principal.user_id, required=settings.admin_second_factor == "required")
