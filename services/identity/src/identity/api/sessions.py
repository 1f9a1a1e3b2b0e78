"""Sessions."""

from chassis import problems
from chassis.http import OwnTransaction, Route
from fastapi import APIRouter, Response

from identity.commands import sessions as commands
from identity.domain.sessions import SessionOver
from identity.doors import Now, ProvenTransaction, SecretTransaction, ServiceSettings
from identity.schemas.sessions import Refresh, SessionOut

router = APIRouter(prefix="/v1", route_class=Route)


@router.post("/sessions", status_code=201, operation_id="signIn")
async def sign_in(tx: ProvenTransaction, settings: ServiceSettings, now: Now, answer: Response) -> SessionOut:
    """Sign in with email address and password."""
    answer.headers["Location"] = "/v1/sessions/current"
    return SessionOut.of(await commands.begin_session(tx, tx.principal.user_id, now), settings, now)


@router.post("/sessions/refresh", response_model=SessionOut, operation_id="refreshSession")
async def refresh(body: Refresh, tx: SecretTransaction, settings: ServiceSettings, now: Now) -> SessionOut | Response:
    """Exchange a refresh token for new tokens. Each is good once; one that comes twice ends the session."""
    granted = await commands.refresh_session(tx, body.refresh_token.get_secret_value(), now)
    # Answered, not raised: that a reused token ended its session must be committed.
    return SessionOut.of(granted, settings, now) if granted else problems.of_refusal(SessionOver())


@router.delete("/sessions/current", status_code=204, operation_id="signOut")
async def sign_out(tx: OwnTransaction, now: Now) -> None:
    """End the session that the access token belongs to. Access tokens that are out run to their end, ten minutes at most."""
    await commands.end_session(tx, tx.principal.session, now)
