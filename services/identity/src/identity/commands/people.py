"""Accounts and roles."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.people import Role, StaffRole, UserChanged

from identity import queries
from identity.commands import mailed
from identity.domain import people as domain
from identity.domain.mailed import Purpose
from identity.schemas.people import SignUp


async def sign_up(tx: Transaction, body: SignUp, password_hash: str, now: datetime, *, verified: bool = False) -> UUID:
    """Makes the account, says so, and asks for the mail that verifies its address unless it is `verified`. Raises EmailTaken."""
    user = await tx.first(
        """insert into user_account (email, name, phone, time_zone, created_at, changed_at, email_verified_at)
           values (:email, :name, :phone, :time_zone, :now, :now, :verified) on conflict (lower(email)) do nothing returning *""",
        {"email": body.email, "name": body.name, "phone": body.phone, "time_zone": body.time_zone, "now": now}
        | {"verified": now if verified else None},
    )
    if user is None:
        raise domain.EmailTaken
    await tx.execute(
        "insert into credential (user_id, password_hash, changed_at) values (:id, :hash, :now)",
        {"id": user.user_id, "hash": password_hash, "now": now},
    )
    audit.record(tx, "user.sign-up", "user", user.user_id, subject_id=user.user_id, after={"status": user.status})
    tell(tx, user)
    if not verified:
        await mailed.send(tx, user.user_id, Purpose.VERIFICATION, now)
    return UUID(str(user.user_id))


def tell(tx: Transaction, user: Any) -> None:
    """Says what a row of `user_account` has become."""
    told = {name: getattr(user, name) for name in ("user_id", "revision", "status", "name", "email", "phone", "time_zone", "changed_at")}
    publish(tx, UserChanged(**told))


async def roles_of(tx: Transaction, user_id: UUID) -> list[str]:
    """The roles that the person was granted, by name; also of somebody who is not known here yet."""
    roles: list[str] = await tx.scalar(
        "select coalesce(array_agg(role order by role), '{}') from user_role where user_id = :id", {"id": user_id}
    )
    return roles


async def grant_role(tx: Transaction, user_id: UUID, role: Role | StaffRole) -> bool:
    """Gives the role, and says whether it was not there. It is in the access tokens from the next sign-in or refresh on."""
    known = await roles_of(tx, user_id)
    granted = await tx.first(
        "insert into user_role (user_id, role) values (:id, :role) on conflict do nothing returning role", {"id": user_id, "role": role}
    )
    if granted:
        audit.record(
            tx, "role.grant", "user", user_id, subject_id=user_id, before={"roles": known}, after={"roles": sorted({*known, role})}
        )
    return granted is not None


async def make_admin(tx: Transaction, body: SignUp, password_hash: str, now: datetime) -> tuple[UUID, bool]:
    """Makes an administrator; gives the id, and whether it is new. Raises AccountIsNoAdmin rather than raising somebody's account."""
    if known := await queries.user_by_email(tx, body.email):
        if Role.ADMIN not in known.roles:
            raise domain.AccountIsNoAdmin
        return known.user_id, False
    user_id = await sign_up(tx, body, password_hash, now, verified=True)
    await grant_role(tx, user_id, Role.ADMIN)
    return user_id, True


async def make_user(tx: Transaction, body: SignUp, password_hash: str, now: datetime) -> tuple[UUID, bool]:
    """Makes an account without roles; gives the id, and whether it is new."""
    if known := await queries.user_by_email(tx, body.email):
        return known.user_id, False
    return await sign_up(tx, body, password_hash, now, verified=True), True
