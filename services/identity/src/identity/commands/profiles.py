"""Accounts that change, or close."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction

from identity.commands.people import tell
from identity.commands.sessions import end_sessions
from identity.domain import people as domain
from identity.domain.erasure import AccountErased
from identity.schemas.people import ProfileChange, etag

LOCKED = "select * from user_account where user_id = :id for update"
CHANGE = """update user_account set name = :name, phone = :phone, time_zone = :time_zone, revision = revision + 1, changed_at = :now
 where user_id = :id returning *"""
CLOSE = """update user_account set status = 'deactivated', revision = revision + 1, changed_at = :now
 where user_id = :id and status = 'active' returning *"""


async def change(tx: Transaction, user_id: UUID, body: ProfileChange, expected: str, now: datetime) -> None:
    """Changes what `body` names, if the account is still the one with the ETag `expected`; the same again changes nothing.

    Raises UserNotFound, AccountErased or ProfileChanged.
    """
    user = await _locked(tx, user_id)
    if user.status == "erased":
        raise AccountErased
    if expected not in ("*", etag(user)):
        raise domain.ProfileChanged
    wanted = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value != getattr(user, name)}
    if not wanted:
        return
    kept = {name: getattr(user, name) for name in ("name", "phone", "time_zone")}
    changed = await tx.first(CHANGE, kept | wanted | {"id": user_id, "now": now})
    audit.record(tx, "user.change", "user", user_id, subject_id=user_id, after={"changed": sorted(wanted)})
    tell(tx, changed)


async def deactivate(tx: Transaction, user_id: UUID, now: datetime) -> None:
    """Closes an account and ends its sessions; nothing happens if it is closed. Raises UserNotFound or OwnAccount."""
    if user_id == tx.principal.id:
        raise domain.OwnAccount
    await _locked(tx, user_id)
    if closed := await tx.first(CLOSE, {"id": user_id, "now": now}):
        audit.record(
            tx, "user.deactivate", "user", user_id, subject_id=user_id, before={"status": "active"}, after={"status": closed.status}
        )
        tell(tx, closed)
        await end_sessions(tx, user_id, "account closed", now)


async def _locked(tx: Transaction, user_id: UUID) -> Any:
    if user := await tx.first(LOCKED, {"id": user_id}):
        return user
    raise domain.UserNotFound
