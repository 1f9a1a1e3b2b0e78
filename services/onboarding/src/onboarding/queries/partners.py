"""Role packages and partners."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging

from onboarding.queries import keyset

PARTNER = "select p.*, n.name, n.email from partner p left join person n using (user_id)"


async def role_packages(tx: Transaction) -> Sequence[Any]:
    """The roles that one can apply for, in order."""
    return await tx.all("select * from role_package order by position")


async def partner(tx: Transaction, user_id: UUID) -> Any:
    """The partner with name and email, or None."""
    return await tx.first(f"{PARTNER} where p.user_id = :id", {"id": user_id})


async def own_role(tx: Transaction) -> str | None:
    """The role that the one who acts applied for, or None."""
    found: str | None = await tx.scalar("select role from partner where user_id = acting_user()")
    return found


async def partners(tx: Transaction, status: str | None, paging: Paging) -> Sequence[Any]:
    """A page of partners, by the age of their accounts."""
    return await keyset.read(tx, PARTNER, "p.user_id", {"p.status": status}, paging)
