"""Practical services as `skills` told of them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from portal.queries.disclosed import shown

COLUMNS = """k.entry_id, k.enrollment_id, k.student_id, k.skill_code, k.service_name, k.performed_at, k.duration_minutes, k.self_rating,
  k.photos, k.status, k.decided_at, k.supervisor_rating"""
JOINED = f"""
select {COLUMNS}, s.name as student_name, coalesce(p.time_zone, 'America/New_York') as time_zone,
  coalesce((select each ->> 'title' from jsonb_array_elements(p.skills) each where each ->> 'code' = k.skill_code), k.skill_code) as skill
from skill_entry k left join person s on s.user_id = k.student_id left join program p on p.program_id = k.program_id"""
PENDING = f"{JOINED} where k.status = 'pending' order by k.performed_at, k.entry_id limit :most"
RECENT = f"{JOINED} where k.student_id = :student order by k.performed_at desc, k.entry_id limit :most"


async def pending(tx: Transaction, *, most: int = 50) -> Sequence[Any]:
    """Services that wait for a decision, of all students whom the one who asks may see; the oldest first."""
    return shown(tx, await tx.all(PENDING, {"most": most}))


async def count_pending(tx: Transaction) -> int:
    """How many wait."""
    found: int = await tx.scalar("select count(*) from skill_entry where status = 'pending'")
    return found


async def recent(tx: Transaction, student_id: UUID, *, most: int = 8) -> Sequence[Any]:
    """A student's latest services, whatever became of them."""
    return shown(tx, await tx.all(RECENT, {"student": student_id, "most": most}))


async def entry(tx: Transaction, entry_id: UUID) -> Any | None:
    """One service, if the one who asks may see it."""
    rows = shown(tx, await tx.all(f"{JOINED} where k.entry_id = :id", {"id": entry_id}))
    return rows[0] if rows else None
