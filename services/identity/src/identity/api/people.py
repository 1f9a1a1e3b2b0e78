"""Accounts."""

from typing import Annotated
from uuid import UUID

from chassis.database import Transaction
from chassis.http import OpenTransaction, OwnTransaction, Route, SignedIn, location
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Header, Query, Response

from identity import queries
from identity.commands import erasure, profiles
from identity.commands import people as commands
from identity.domain.people import UserNotFound
from identity.doors import Newcomer, Now, OwnSystemTransaction
from identity.schemas.erasure import ErasureOut
from identity.schemas.people import ProfileChange, UserOut, etag

router = APIRouter(prefix="/v1", route_class=Route)
IfMatch = Annotated[str, Header(max_length=100, description="The ETag of the account as it was read")]


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
async def user(user_id: UUID, tx: OwnTransaction, answer: Response) -> UserOut:
    """One's own account; an administrator sees everyone's. The ETag is for a change."""
    return await _shown(tx, user_id, answer)


@router.get("/me", operation_id="getMe")
async def me(tx: OwnTransaction, answer: Response) -> UserOut:
    """The account of the one who asks. The ETag is for a change."""
    return await _shown(tx, tx.principal.user_id, answer)


@router.patch("/users/{user_id}", operation_id="changeUser")
async def change_user(user_id: UUID, body: ProfileChange, if_match: IfMatch, tx: OwnTransaction, now: Now, answer: Response) -> UserOut:
    """Change name, phone or time zone of one's own account; an administrator changes everyone's."""
    await profiles.change(tx, user_id, body, if_match, now)
    return await _shown(tx, user_id, answer)


@router.patch("/me", operation_id="changeMe")
async def change_me(body: ProfileChange, if_match: IfMatch, tx: OwnTransaction, now: Now, answer: Response) -> UserOut:
    """Change one's own name, phone or time zone."""
    return await change_user(tx.principal.user_id, body, if_match, tx, now, answer)


@router.post("/users/{user_id}/deactivation", operation_id="deactivateUser")
async def deactivate(user_id: UUID, tx: OwnTransaction, now: Now, answer: Response) -> UserOut:
    """Close an account: nobody signs in with it, and its sessions end, their access tokens as after `signOut`."""
    await profiles.deactivate(tx, user_id, now)
    return await _shown(tx, user_id, answer)


@router.post("/users/{user_id}/erasure", status_code=202, operation_id="eraseUser")
async def erase(user_id: UUID, tx: OwnSystemTransaction, who: SignedIn, now: Now) -> ErasureOut:
    """Erase a person for good: oneself, or as an administrator anybody else. The same again is answered alike and changes nothing.

    It takes a sign-in of the last ten minutes. Every service follows within moments. What the law has us keep stays under the id
    alone; the answer says what, and why.
    """
    return ErasureOut.of(user_id, await erasure.erase(tx, user_id, who, now))


async def _shown(tx: Transaction, user_id: UUID, answer: Response) -> UserOut:
    found = await queries.user(tx, user_id)
    if not found:
        raise UserNotFound
    answer.headers["ETag"] = etag(found)
    return UserOut.of(found)
