"""Leave: approved, ended earlier or later, cancelled; what depends on its days follows at once, also for weeks that are over (SPEC 3.3)."""

from datetime import date, datetime
from uuid import UUID

from chassis import audit
from chassis.database import Transaction

from compliance.commands.alerts import settle_enrollment
from compliance.domain import leaves as domain
from compliance.domain.leaves import Leave
from compliance.queries import leaves as queries
from compliance.queries.requirements import lock

APPROVE = """insert into leave (enrollment_id, student_id, first_on, last_on, notes, approved_by, approved_at)
 values (:enrollment_id, :student_id, :first_on, :last_on, :notes, :by, :now) returning *"""
KEEP = "update leave set revision = :revision, last_on = :last_on, status = :status where leave_id = :leave_id"
TOLD = ("first_on", "last_on", "status")


async def approve(tx: Transaction, enrollment_id: UUID, first_on: date, last_on: date | None, notes: str | None, now: datetime) -> Leave:
    """Approves leave. Raises EnrollmentNotKnown, or what `domain.leaves.check_new` raises."""
    await lock(tx, [enrollment_id])
    e = await queries.enrollment(tx, enrollment_id)
    others = await queries.of_enrollment(tx, enrollment_id)
    domain.check_new(first_on, last_on, started_on=e.started_on, ended_on=e.ended_on, others=others)
    asked = {"enrollment_id": enrollment_id, "student_id": e.student_id, "first_on": first_on, "last_on": last_on, "notes": notes}
    row = await tx.first(APPROVE, {**asked, "by": tx.principal.user_id, "now": now})
    leave = queries.leave_of(row)
    await _follow(tx, "leave.approve", None, leave, now)
    return leave


async def end(tx: Transaction, leave_id: UUID, last_on: date, now: datetime) -> Leave:
    """Gives the leave another last day. Raises LeaveNotKnown, or what `domain.leaves.end` raises."""
    leave = await queries.lock_one(tx, leave_id)
    e = await queries.enrollment(tx, leave.enrollment_id)
    others = await queries.of_enrollment(tx, leave.enrollment_id)
    return await _keep(tx, "leave.end", leave, domain.end(leave, last_on, others, started_on=e.started_on, ended_on=e.ended_on), now)


async def cancel(tx: Transaction, leave_id: UUID, now: datetime) -> Leave:
    """Takes a leave back as if it had never been. Raises LeaveNotKnown."""
    leave = await queries.lock_one(tx, leave_id)
    return await _keep(tx, "leave.cancel", leave, domain.cancel(leave), now)


async def _keep(tx: Transaction, action: str, before: Leave, leave: Leave, now: datetime) -> Leave:
    if leave != before:
        await tx.execute(KEEP, {name: getattr(leave, name) for name in ("leave_id", "revision", "last_on", "status")})
        await _follow(tx, action, before, leave, now)
    return leave


async def _follow(tx: Transaction, action: str, before: Leave | None, leave: Leave, now: datetime) -> None:
    """Notes it, and settles the weeks that its days lie in."""
    was, becomes = ({name: getattr(each, name) for name in TOLD} if each else None for each in (before, leave))
    audit.record(tx, action, "leave", leave.leave_id, subject_id=leave.student_id, before=was, after=becomes)
    await settle_enrollment(tx, leave.enrollment_id, now)
