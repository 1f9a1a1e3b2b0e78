"""Accounts."""

from typing import Annotated
from uuid import UUID

from chassis.http import OpenTransaction, OwnTransaction, Route, location
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Query, Response

from identity import queries
from identity.commands import people as commands
from identity.domain.people import UserNotFound
from identity.doors import Newcomer, Now
from identity.schemas.people import UserOut

router = APIRouter(prefix="/v1", route_class=Route)


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
    raise UserNotFound


@router.get("/me", operation_id="getMe")
async def me(tx: OwnTransaction) -> UserOut:
    """The account of the one who asks."""
    return await user(tx.principal.user_id, tx)
