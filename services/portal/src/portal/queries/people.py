"""People, partners and their papers, what they were sent, and what was done."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Transaction

HOURS = """select log_id, enrollment_id, work_date, minutes, category, source, status from hour_entry
where student_id = :student and work_date >= :since and status <> 'voided' order by work_date desc, log_id limit 60"""
QUEUE = """
select p.user_id, p.role, p.status, p.revision, p.applied_at, p.approved_at, p.activated_at, u.name, u.email,
  (select count(*) from document_signature d where d.user_id = p.user_id) as signatures
from partner p left join person u using (user_id)
order by array_position(array['pending', 'approved', 'suspended', 'active'], p.status), p.applied_at desc nulls last limit 100"""
AUDIT = """select a.service, a.position, a.hash, a.actor, a.actor_kind, a.action, a.object_type, a.object_id, a.at, a.trace_id,
  a.student_id, u.name as actor_name from audit_log a left join person u
  on u.user_id = case when length(a.actor) = 36 then a.actor::uuid end
where cast(:at as timestamptz) is null or (a.at, a.service, a.position) < (:at, cast(:service as text), cast(:position as int))
order by a.at desc, a.service desc, a.position desc limit :most"""
MESSAGES = """select message_id, kind, channel, status, coalesce(sent_at, failed_at) as at from message
where recipient_id = :person order by coalesce(sent_at, failed_at) desc limit 10"""


async def name_of(tx: Transaction, user_id: UUID) -> str | None:
    """A person's name, if it is known here and the one who asks may see it."""
    found: str | None = await tx.scalar("select name from person where user_id = :id", {"id": user_id})
    return found


async def partners_of_mine(tx: Transaction) -> dict[str, str]:
    """Who the acting student is or was assigned to: names by id."""
    return {str(row.user_id): row.name for row in await tx.all("select user_id, name from partners_of_mine()")}


async def known(tx: Transaction, user_id: UUID) -> bool:
    """Whether the one who asks may see anything of this person."""
    return bool(
        await tx.scalar(
            "select exists (select from person where user_id = :id) or exists (select from enrollment where student_id = :id)",
            {"id": user_id},
        )
    )


async def with_email(tx: Transaction, address: str) -> UUID | None:
    """Whose address this is exactly; for program holders and admins alone."""
    found: UUID | None = await tx.scalar("select person_with_email(:address)", {"address": address.strip()})
    return found


async def partner(tx: Transaction, user_id: UUID) -> Any | None:
    """A person's partner profile."""
    return await tx.first("select role, status from partner where user_id = :id", {"id": user_id})


async def partners(tx: Transaction) -> Sequence[Any]:
    """The partner queue: who waits comes first."""
    return await tx.all(QUEUE)


async def hours(tx: Transaction, student_id: UUID, since: date) -> Sequence[Any]:
    """A student's ledger entries from a day on, the newest first."""
    return await tx.all(HOURS, {"student": student_id, "since": since})


async def messages(tx: Transaction, person_id: UUID) -> Sequence[Any]:
    """What a person was sent lately."""
    return await tx.all(MESSAGES, {"person": person_id})


async def programs(tx: Transaction, partner_id: UUID) -> Sequence[Any]:
    """The programs that a partner holds."""
    statement = "select program_id, name, time_zone, required_minutes_per_week, skills, courses from program where partner_id = :id"
    return await tx.all(f"{statement} order by lower(name), program_id", {"id": partner_id})


async def data_as_of(tx: Transaction) -> Any | None:
    """The newest time up to which Milady's data is known for everyone."""
    return await tx.scalar("select max(as_of) from sync_status where scope_kind = 'all'")


async def audit(tx: Transaction, *, most: int = 30, after: Sequence[Any] | None = None) -> Sequence[Any]:
    """The latest audit entries of all services; `after` is (at, service, position) of the last one of the page before."""
    at, service, position = after or (None, None, None)
    return await tx.all(AUDIT, {"most": most, "at": at, "service": service, "position": position})


async def visible_among(tx: Transaction, people: Sequence[str]) -> set[str]:
    """Whom of these people the acting partner may see now."""
    statement = "select each::text from unnest(cast(:people as uuid[])) each where each = any (visible_subjects())"
    return {row[0] for row in await tx.all(statement, {"people": list(people)})}
