"""Links that come by mail: forgotten passwords, and addresses to verify."""

from chassis.http import OpenTransaction, Route
from fastapi import APIRouter, BackgroundTasks, Request

from identity.commands import resets, verifications
from identity.doors import Now, OwnSystemTransaction, Resetting, SecretTransaction, send_resets_soon
from identity.schemas.mailed import ResetWanted, Verification

router = APIRouter(prefix="/v1", route_class=Route)


@router.post("/password-resets", status_code=202, operation_id="askForPasswordReset")
async def ask_for_reset(body: ResetWanted, tx: OpenTransaction, now: Now, request: Request, after: BackgroundTasks) -> None:
    """Ask for a mail with a link that sets a new password. The answer is the same whether or not anybody has this address."""
    await resets.ask(tx, body.email, now)
    after.add_task(send_resets_soon, request.app.state.context.database)


@router.post("/password-resets/completion", status_code=204, operation_id="resetPassword")
async def reset(resetting: Resetting, now: Now) -> None:
    """Set a new password with the token from the mail; all sessions end. The token is good once, for 30 minutes."""
    tx, token, password_hash = resetting
    await resets.complete(tx, token, password_hash, now)


@router.post("/email-verifications", status_code=202, operation_id="askForEmailVerification")
async def ask_for_verification(tx: OwnSystemTransaction, now: Now) -> None:
    """Ask again for the mail that verifies one's address; the first one is sent at sign-up."""
    await verifications.ask(tx, tx.principal.user_id, now)


@router.post("/email-verifications/completion", status_code=204, operation_id="verifyEmail")
async def verify(body: Verification, tx: SecretTransaction, now: Now) -> None:
    """Verify an address with the token from the mail. The token is good once, for three days."""
    await verifications.complete(tx, body.token.get_secret_value(), now)
