"""People, as identity's events tell."""

from typing import Any
from uuid import UUID

from chassis.database import Transaction


async def person(tx: Transaction, user_id: UUID) -> Any:
    """The person (name, email, status), or None."""
    return await tx.first("select * from person where user_id = :id", {"id": user_id})


async def standing(tx: Transaction, user_id: UUID) -> str | None:
    """The status of anybody's account, or None if there is none: for those who may not see the person yet."""
    found: str | None = await tx.scalar("select person_standing(:id)", {"id": user_id})
    return found
