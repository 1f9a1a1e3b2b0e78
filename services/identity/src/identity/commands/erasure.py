"""People who are erased: at once, and once more when nobody can write in their name any more (decision 14)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit, erasure
from chassis.database import Transaction
from chassis.outbox import bury, publish
from chassis.principal import Principal
from contracts.people import ConsentChanged, UserChanged

from identity.commands import mailed
from identity.commands.sessions import check_fresh, end_sessions
from identity.domain import erasure as domain
from identity.domain.mailed import Purpose
from identity.domain.people import UserNotFound

LOCKED = "select user_id, email, status, changed_at from user_account where user_id = :id for update"
EMPTY = """update user_account set email = user_id || '@erased.invalid', name = '', phone = null, time_zone = 'UTC', status = 'erased',
   email_verified_at = null, revision = revision + 1, changed_at = :now where user_id = :id returning *"""
CONSENTS = "delete from consent where user_id = :id returning purpose, given, revision"
OWNED = (
    "credential", "user_role", "partner_standing", "totp", "passkey", "recovery_code", "sign_in_challenge", "passkey_challenge",
    "mailed_token", "sign_in_place", "export",
)  # fmt: skip
SWEEP = (
    *(f"delete from {table} where user_id = :id" for table in OWNED),
    "delete from refresh_token where session_id in (select session_id from session where user_id = :id)",
    "update session set ip = null, user_agent = null where user_id = :id",
)
DUE = """select * from user_account where status = 'erased' and buried_at is null and changed_at <= :before
 order by changed_at limit 100 for update skip locked"""
BURIED = "update user_account set buried_at = :now, revision = revision + 1 where user_id = :id"


async def erase(tx: Transaction, user_id: UUID, who: Principal, now: datetime) -> datetime:
    """Empties the account to an id and tells every service; gives since when it is erased. The same again changes nothing.

    Raises UserNotFound, AdministratorsOwnAccount or SignInAgain.
    """
    domain.check_eraser(user_id, who)
    await check_fresh(tx, who, now)
    user = await tx.first(LOCKED, {"id": user_id})
    if user is None:
        raise UserNotFound
    if user.status == "erased":
        since: datetime = user.changed_at
        return since
    await tx.execute("delete from password_reset_request where lower(email) = lower(:email)", {"email": user.email})
    emptied: Any = await tx.first(EMPTY, {"id": user_id, "now": now})
    audit.record(tx, "user.erase", "user", user_id, subject_id=user_id, before={"status": user.status}, after={"status": emptied.status})
    await end_sessions(tx, user_id, "account closed", now)
    await _sweep(tx, user_id, now)
    publish(tx, UserChanged.erased(user_id, emptied.revision, now))
    return now


async def bury_due(tx: Transaction, now: datetime) -> int:
    """Sweeps up what came in an erased person's name while their last access token was good, and has their tombstones published.

    Gives how many people were buried.
    """
    due = await tx.all(DUE, {"before": now - domain.BURIED_AFTER})
    for user in due:
        await _sweep(tx, user.user_id, now)
        told = UserChanged.erased(user.user_id, user.revision + 1, user.changed_at)
        publish(tx, told)
        bury(tx, told)
        await tx.execute(BURIED, {"now": now, "id": user.user_id})
    return len(due)


async def _sweep(tx: Transaction, user_id: UUID, now: datetime) -> None:
    """Deletes what is kept of the person beside their account, here and in the outbox."""
    for purpose in Purpose:
        await mailed.withdraw(tx, user_id, purpose, now)
    for consent in await tx.all(CONSENTS, {"id": user_id}):
        if consent.given:
            about = {"revision": consent.revision + 1, "user_id": user_id, "purpose": consent.purpose}
            publish(tx, ConsentChanged(**about, given=False, changed_at=now))
    for statement in SWEEP:
        await tx.execute(statement, {"id": user_id})
    await erasure.forget_events(tx, UserChanged.topic, user_id)
    await erasure.scrub(tx, user_id)
