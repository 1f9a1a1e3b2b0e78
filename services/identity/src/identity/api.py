"""HTTP in."""

from typing import Annotated, Any
from uuid import UUID

from chassis import problems
from chassis.http import OpenTransaction, OwnTransaction, Route, location
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Query, Response

from identity import commands, domain, queries
from identity.doors import Newcomer, Now, ProvenTransaction, SecretTransaction, ServiceSettings
from identity.schemas import Refresh, SessionOut, UserOut

router = APIRouter(prefix="/v1", route_class=Route)
well_known = APIRouter(route_class=Route)


@router.post("/users", status_code=201, operation_id="signUp")
async def sign_up(newcomer: Newcomer, tx: OpenTransaction, now: Now, answer: Response) -> UserOut:
    """Sign up. The person has no role until one is granted."""
    user_id = await commands.sign_up(tx, *newcomer, now)
    answer.headers["Location"] = location("/v1/users", user_id)
    return UserOut.of(await queries.user(tx, user_id))


@router.get("/users", operation_id="listUsers")
async def users(tx: OwnTransaction, paging: Paged, email: Annotated[str | None, Query(max_length=254)] = None) -> Page[UserOut]:
    """Everyone, in the order in which they signed up; or the one with this address, whatever its case."""
    return page(await queries.users(tx, email, paging), paging, shown=UserOut.of, key=lambda row: [row.user_id])


@router.get("/users/{user_id}", operation_id="getUser")
async def user(user_id: UUID, tx: OwnTransaction) -> UserOut:
    """One's own account; an administrator sees everyone's."""
    if found := await queries.user(tx, user_id):
        return UserOut.of(found)
    raise domain.UserNotFound


@router.get("/me", operation_id="getMe")
async def me(tx: OwnTransaction) -> UserOut:
    """The account of the one who asks."""
    return await user(tx.principal.user_id, tx)


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
    return SessionOut.of(granted, settings, now) if granted else problems.of_refusal(domain.SessionOver())


@router.delete("/sessions/current", status_code=204, operation_id="signOut")
async def sign_out(tx: OwnTransaction, now: Now) -> None:
    """End the session that the access token belongs to. Access tokens that are out run to their end, ten minutes at most."""
    await commands.end_session(tx, tx.principal.session, now)


@well_known.get("/.well-known/jwks.json", operation_id="getKeys")
async def keys(tx: OpenTransaction, answer: Response) -> dict[str, list[dict[str, Any]]]:
    """The keys that access tokens are checked with."""
    answer.headers["Cache-Control"] = "public, max-age=60"
    return await commands.published_keys(tx)
