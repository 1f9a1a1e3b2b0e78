"""Accounts and roles."""

from datetime import datetime
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.people import Role, UserChanged

from identity import queries
from identity.domain import people as domain
from identity.schemas.people import SignUp


async def sign_up(tx: Transaction, body: SignUp, password_hash: str, now: datetime) -> UUID:
    """Makes the account and says so. Raises EmailTaken."""
    user = await tx.first(
        """insert into user_account (email, name, phone, time_zone, created_at, changed_at)
           values (:email, :name, :phone, :time_zone, :now, :now) on conflict (lower(email)) do nothing returning *""",
        {"email": body.email, "name": body.name, "phone": body.phone, "time_zone": body.time_zone, "now": now},
    )
    if user is None:
        raise domain.EmailTaken
    await tx.execute(
        "insert into credential (user_id, password_hash, changed_at) values (:id, :hash, :now)",
        {"id": user.user_id, "hash": password_hash, "now": now},
    )
    audit.record(tx, "user.sign-up", "user", user.user_id, subject_id=user.user_id, after={"status": user.status})
    told = {name: getattr(user, name) for name in ("user_id", "revision", "status", "name", "email", "phone", "time_zone", "changed_at")}
    publish(tx, UserChanged(**told))
    return UUID(str(user.user_id))


async def grant_role(tx: Transaction, user_id: UUID, role: Role) -> None:
    """Gives the role; nothing happens if it is there. It is in the access tokens from the next sign-in or refresh on."""
    granted = await tx.first(
        "insert into user_role (user_id, role) values (:id, :role) on conflict do nothing returning role", {"id": user_id, "role": role}
    )
    if granted:
        audit.record(tx, "role.grant", "user", user_id, subject_id=user_id, after={"role": role})


async def make_admin(tx: Transaction, body: SignUp, password_hash: str, now: datetime) -> tuple[UUID, bool]:
    """Makes an administrator; gives the id, and whether it is new. Raises AccountIsNoAdmin rather than raising somebody's account."""
    if known := await queries.user_by_email(tx, body.email):
        if Role.ADMIN not in known.roles:
            raise domain.AccountIsNoAdmin
        return known.user_id, False
    user_id = await sign_up(tx, body, password_hash, now)
    await grant_role(tx, user_id, Role.ADMIN)
    return user_id, True


async def make_user(tx: Transaction, body: SignUp, password_hash: str, now: datetime) -> tuple[UUID, bool]:
    """Makes an account without roles; gives the id, and whether it is new."""
    if known := await queries.user_by_email(tx, body.email):
        return known.user_id, False
    return await sign_up(tx, body, password_hash, now), True
