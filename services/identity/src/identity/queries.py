"""What identity reads."""

from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging

USER = """select u.*, coalesce((select array_agg(r.role order by r.role) from user_role r where r.user_id = u.user_id), '{}') as roles
 from user_account u"""
FIRST = UUID(int=0)


async def user(tx: Transaction, user_id: UUID) -> Any:
    """The user with their roles, or None."""
    return await tx.first(f"{USER} where u.user_id = :id", {"id": user_id})


async def user_by_email(tx: Transaction, email: str) -> Any:
    """The user with this address, whatever its case, or None."""
    return await tx.first(f"{USER} where lower(u.email) = lower(:email)", {"email": email})


async def users(tx: Transaction, email: str | None, paging: Paging) -> Any:
    """A page of users in the order in which they signed up; with `email` only the one who has it. Raises CursorNotUsable."""
    [after] = paging.values(UUID) or [FIRST]
    only = "and lower(u.email) = lower(:email)" if email is not None else ""
    return await tx.all(
        f"{USER} where u.user_id > :after {only} order by u.user_id limit :n",
        {"after": after, "n": paging.limit + 1} | ({"email": email} if email is not None else {}),
    )


async def credential(tx: Transaction, email: str) -> Any:
    """The active account with this address and its password's hash (user_id, password_hash), or None."""
    return await tx.first(
        """select u.user_id, c.password_hash from user_account u join credential c using (user_id)
           where lower(u.email) = lower(:email) and u.status = 'active'""",
        {"email": email},
    )
