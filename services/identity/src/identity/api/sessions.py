"""Sessions."""

from uuid import UUID

from chassis import problems
from chassis.http import OwnTransaction, Route
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Response

from identity import queries
from identity.commands import factors
from identity.commands import sessions as commands
from identity.commands.keys import signing_key
from identity.domain.factors import SecondFactorRequired
from identity.domain.people import UserNotFound
from identity.domain.sessions import SessionOver
from identity.doors import Now, ProvenTransaction, SecretTransaction, ServiceSettings
from identity.schemas.sessions import Refresh, SessionListed, SessionOut
from identity.sealing import signing_seal

router = APIRouter(prefix="/v1", route_class=Route)


@router.post("/sessions", status_code=201, response_model=SessionOut, operation_id="signIn")
async def sign_in(tx: ProvenTransaction, settings: ServiceSettings, now: Now, answer: Response) -> SessionOut | Response:
    """Sign in with email address and password. With a second factor it is answered 401 `second-factor-required`, with a challenge."""
    user_id = tx.principal.user_id
    if there := await factors.there(tx, user_id):
        # Answered, not raised: the challenge must be committed.
        return problems.of_refusal(SecondFactorRequired(await factors.challenge(tx, user_id, now), there))
    answer.headers["Location"] = "/v1/sessions/current"
    granted = await commands.begin_session(tx, user_id, now)
    return SessionOut.of(granted, await signing_key(tx, signing_seal(settings), now), settings, now)


@router.post("/sessions/refresh", response_model=SessionOut, operation_id="refreshSession")
async def refresh(body: Refresh, tx: SecretTransaction, settings: ServiceSettings, now: Now) -> SessionOut | Response:
    """Exchange a refresh token for new tokens. Each is good once; one that comes twice ends the session."""
    granted = await commands.refresh_session(tx, body.refresh_token.get_secret_value(), now)
    # Answered, not raised: that a reused token ended its session must be committed.
    if granted is None:
        return problems.of_refusal(SessionOver())
    return SessionOut.of(granted, await signing_key(tx, signing_seal(settings), now), settings, now)


@router.get("/sessions", operation_id="listSessions")
async def sessions(tx: OwnTransaction, paging: Paged, now: Now) -> Page[SessionListed]:
    """One's own sessions that can still go on, the newest first."""
    found = await queries.sessions(tx, tx.principal.user_id, now, paging)
    return page(found, paging, shown=lambda row: SessionListed.of(row, tx.principal.session), key=lambda row: [row.session_id])


@router.delete("/sessions", status_code=204, operation_id="endOtherSessions")
async def end_others(tx: OwnTransaction, now: Now) -> None:
    """Sign out everywhere else: end one's own sessions but the one that asks. Access tokens end as after `signOut`."""
    await commands.end_sessions(tx, tx.principal.user_id, "ended from another session", now, but=tx.principal.session)


@router.delete("/sessions/current", status_code=204, operation_id="signOut")
async def sign_out(tx: OwnTransaction, now: Now) -> None:
    """End the session that the access token belongs to. An administrator's access tokens end with it, others' within ten minutes."""
    if tx.principal.session:
        await commands.end_session(tx, UUID(tx.principal.session), now)


@router.delete("/sessions/{session_id}", status_code=204, operation_id="endSession")
async def end_one(session_id: UUID, tx: OwnTransaction, now: Now) -> None:
    """End one of one's own sessions. Access tokens end as after `signOut`."""
    await commands.end_session(tx, session_id, now)


@router.delete("/users/{user_id}/sessions", status_code=204, operation_id="endSessionsOfUser")
async def end_of_user(user_id: UUID, tx: OwnTransaction, now: Now) -> None:
    """End all sessions of a person. Access tokens end as after `signOut`."""
    if not await queries.user(tx, user_id):
        raise UserNotFound
    await commands.end_sessions(tx, user_id, "ended by an administrator", now)
