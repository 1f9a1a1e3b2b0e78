"""Roles that administrators grant and withdraw."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from contracts.people import Role, StaffRole

from identity import queries
from identity.commands.people import grant_role, roles_of
from identity.commands.sessions import end_sessions
from identity.domain import roles as domain
from identity.domain.people import UserNotFound

LOCK = "select user_id from user_account where user_id in (:id, :by) order by user_id for update"
BECAUSE = "roles changed"


async def grant(tx: Transaction, user_id: UUID, role: StaffRole, now: datetime) -> None:
    """Gives the role and ends the person's sessions, so that the next one has it; nothing happens if it is there.

    Raises OwnRoles, AdministratorNoMore, UserNotFound, AccountNotActive or RolesApart.
    """
    user = await _locked(tx, user_id)
    domain.check_grant(role, roles=user.roles, status=user.status)
    if await grant_role(tx, user_id, role):
        await end_sessions(tx, user_id, BECAUSE, now)


async def withdraw(tx: Transaction, user_id: UUID, role: StaffRole, now: datetime) -> None:
    """Takes the role away and ends the person's sessions; nothing happens if it is not there.

    Raises OwnRoles, AdministratorNoMore or UserNotFound.
    """
    await _locked(tx, user_id)
    await take_role(tx, user_id, role, now)


async def take_role(tx: Transaction, user_id: UUID, role: Role | StaffRole, now: datetime) -> None:
    """Takes the role away and ends the person's sessions, so that the next one is without it; nothing happens if it is not there."""
    if await tx.first("delete from user_role where user_id = :id and role = :role returning role", {"id": user_id, "role": role}):
        left = await roles_of(tx, user_id)
        audit.record(
            tx, "role.withdraw", "user", user_id, subject_id=user_id, before={"roles": sorted({*left, role})}, after={"roles": left}
        )
        await end_sessions(tx, user_id, BECAUSE, now)


async def _locked(tx: Transaction, user_id: UUID) -> Any:
    """The person with their roles. Of two administrators who withdraw each other's role the second finds that theirs is gone."""
    by = tx.principal.user_id
    domain.check_other(user_id, by)
    await tx.execute(LOCK, {"id": user_id, "by": by})
    acting = await queries.user(tx, by)
    domain.check_acting(acting.roles if acting else ())
    user = await queries.user(tx, user_id)
    if not user:
        raise UserNotFound
    return user
