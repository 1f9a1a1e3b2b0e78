"""A person who was erased: no name on what they signed, nobody's student and nobody's partner any more (decision 14)."""

from datetime import datetime
from uuid import UUID

from chassis import audit, erasure
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.onboarding import EnrollmentWithdrawn, StudentUnassigned

# The hash stays: whoever holds a copy of the signature can show that it is the one that was made here.
SIGNATURES = """update signature set typed_name = '', ip = null, user_agent = null, erased_at = :now
 where user_id = :id and erased_at is null"""
REASONS = "update enrollment set withdrawal_reason = null where student_id = :id and withdrawal_reason is not null"
WITHDRAW = """update enrollment e set status = 'withdrawn', revision = e.revision + 1,
   ended_on = greatest(e.started_on, (cast(:now as timestamptz) at time zone p.time_zone)::date)
 from program p where p.program_id = e.program_id and e.student_id = :id and e.status = 'active'
 returning e.enrollment_id, e.student_id, e.program_id, e.cohort_id, e.started_on, e.ended_on, e.status, e.revision"""
END = """update assignment set active = false, ended_at = :now, revision = revision + 1 where active and :id in (student_id, partner_id)
 returning assignment_id, student_id, partner_id, role, program_id, active, revision"""

# Payroll records of somebody who may have been paid are kept, and so are the numbers, sealed as ever. Nobody was paid before an approval.
NEVER_APPROVED = """delete from payroll_profile where user_id = :id and state <> 'active'
 and not exists (select from audit_entry where object_id = :name and action = 'payroll-profile.approve')"""
SUSPENSION = "update partner set suspension_reason = '' where user_id = :id and suspension_reason is not null"
WORDS = "update payroll_profile set reason = '' where user_id = :id and reason is not null"


async def erase(tx: Transaction, user_id: UUID, now: datetime) -> None:
    """Takes the name from signatures, and ends what goes on: enrollments are withdrawn, assignments end. A payroll profile that was never
    approved is deleted. A second time changes nothing.
    """
    about = {"id": user_id, "now": now}
    for ended in await tx.all(WITHDRAW, about):
        audit.record(tx, "enrollment.withdraw", "enrollment", ended.enrollment_id, subject_id=user_id, after={"status": ended.status})
        publish(tx, EnrollmentWithdrawn(**ended._mapping))
    for ended in await tx.all(END, about):
        audit.record(tx, "assignment.end", "assignment", ended.assignment_id, subject_id=ended.student_id, after={"active": False})
        publish(tx, StudentUnassigned(**ended._mapping))
    await tx.execute(SIGNATURES, about)
    await tx.execute(REASONS, {"id": user_id})
    await tx.execute(NEVER_APPROVED, {"id": user_id, "name": str(user_id)})
    await tx.execute(WORDS, {"id": user_id})
    await tx.execute(SUSPENSION, {"id": user_id})
    await erasure.scrub(tx, user_id)
