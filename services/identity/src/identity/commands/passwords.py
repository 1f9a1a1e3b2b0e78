"""Passwords that there are: hashed anew, and changed."""

from datetime import datetime
from uuid import UUID

from chassis import audit
from chassis.database import Transaction

from identity.commands import factors, mailed
from identity.commands.sessions import end_sessions
from identity.domain.mailed import Purpose

RENEW = """update credential set password_hash = :renewed where user_id = :id and password_hash = :stored returning user_id"""
SET = "update credential set password_hash = :hash, changed_at = :now where user_id = :id"


async def renew_hash(tx: Transaction, user_id: UUID, stored: str, renewed: str) -> None:
    """Stores the same password hashed with today's parameters; nothing happens if it was changed in between."""
    if await tx.first(RENEW, {"id": user_id, "stored": stored, "renewed": renewed}):
        audit.record(tx, "password.hash-again", "user", user_id, subject_id=user_id)


async def change(tx: Transaction, user_id: UUID, password_hash: str, session_id: str | None, now: datetime) -> None:
    """The person's new password, the present one was checked. All sessions end but `session_id`, links to reset it, and sign-ins
    that wait for a second factor."""
    await tx.execute(SET, {"id": user_id, "hash": password_hash, "now": now})
    audit.record(tx, "password.change", "user", user_id, subject_id=user_id)
    await mailed.withdraw(tx, user_id, Purpose.RESET, now)
    await factors.withdraw_challenges(tx, user_id, now)
    await end_sessions(tx, user_id, "password changed", now, but=session_id)
