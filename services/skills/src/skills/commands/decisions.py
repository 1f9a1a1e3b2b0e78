"""Decisions on submitted services: each entry for itself, audited and told of (SPEC 3.5)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.skills import SkillApproved, SkillRejected

from skills import domain, queries
from skills.commands.entries import event_fields
from skills.queries import Filter

DECIDE = """update entry set status = :status, decided_by = acting_user(), decided_at = :now, supervisor_rating = :rating,
   feedback = :feedback, revision = revision + 1 where entry_id = any(:ids) returning *"""


async def approve(tx: Transaction, entry_id: UUID, rating: int | None, now: datetime) -> Any:
    """Approves a pending entry. Raises EntryNotFound, OwnEntry, NotSubmitted, AlreadyDecided; gives the row."""
    await _lock_to_decide(tx, entry_id)
    return (await _approve(tx, [entry_id], rating, now))[0]


async def _approve(tx: Transaction, ids: list[UUID], rating: int | None, now: datetime) -> queries.Rows:
    decision = {"status": "approved", "now": now, "rating": rating, "feedback": None, "ids": ids}
    rows = sorted(await tx.all(DECIDE, decision), key=lambda row: row.entry_id)
    await queries.hold_order(tx, {row.enrollment_id for row in rows})
    for row in rows:
        after = {"status": row.status, "supervisor_rating": rating}
        audit.record(tx, "entry.approve", "entry", row.entry_id, subject_id=row.student_id, before={"status": "pending"}, after=after)
        publish(tx, SkillApproved(**event_fields(row), decided_by=row.decided_by, decided_at=row.decided_at, supervisor_rating=rating))
    return rows


async def reject(tx: Transaction, entry_id: UUID, feedback: str, now: datetime) -> Any:
    """Rejects a pending entry with what to do better. Raises EntryNotFound, OwnEntry, NotSubmitted, AlreadyDecided; gives the row."""
    await _lock_to_decide(tx, entry_id)
    decision = {"status": "rejected", "now": now, "rating": None, "feedback": feedback, "ids": [entry_id]}
    row = (await tx.execute(DECIDE, decision)).one()
    await queries.hold_order(tx, [row.enrollment_id])
    audit.record(
        tx, "entry.reject", "entry", entry_id, subject_id=row.student_id, before={"status": "pending"}, after={"status": row.status}
    )
    publish(tx, SkillRejected(**event_fields(row), decided_by=row.decided_by, decided_at=row.decided_at))
    return row


async def _lock_to_decide(tx: Transaction, entry_id: UUID) -> None:
    row = await queries.entry(tx, entry_id, lock=True)
    domain.require_decidable(row.status, row.student_id, tx.principal.user_id)


async def approve_all(tx: Transaction, wanted: Filter, now: datetime) -> tuple[list[UUID], dict[UUID, str]]:
    """Approves every pending entry that fits and lacks no evidence, each on its own; gives their ids, and why others were skipped."""
    skipped: dict[UUID, str] = {}
    ids: list[UUID] = []
    for row in await queries.lock_pending(tx, wanted):
        reason = "own-entry" if row.student_id == tx.principal.user_id else domain.missing_evidence(row.after_photo)
        if reason:
            skipped[row.entry_id] = reason
        else:
            ids.append(row.entry_id)
    rows = await _approve(tx, ids, None, now) if ids else []
    return [row.entry_id for row in rows], skipped
