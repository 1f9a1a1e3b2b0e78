"""A student who was erased: their hours, weeks and alerts stay, without what anybody wrote beside them (decision 14)."""

from uuid import UUID

from chassis import erasure
from chassis.database import Transaction

NOTES = "update {table} set notes = null, reason = null where student_id = :id and coalesce(notes, reason) is not null"
# A void says why, and so does a rejection, in the words of whoever made it.
TOLD = """update outbox set value = (value::jsonb || '{"reason": "erased"}')::text
 where topic in ('hours.voided', 'hours.rejected') and key = any(select enrollment_id::text from enrollment where student_id = :id)"""


async def erase(tx: Transaction, user_id: UUID) -> None:
    """Leaves the numbers."""
    for table in ("hour_entry", "hour_entry_detached"):
        await tx.execute(NOTES.format(table=table), {"id": user_id})
    await tx.execute("update alert set note = null where student_id = :id and note is not null", {"id": user_id})
    await tx.execute("update leave set notes = null where student_id = :id and notes is not null", {"id": user_id})
    await tx.execute(TOLD, {"id": user_id})
    await erasure.scrub(tx, user_id)
