"""Enrolling and withdrawing (SPEC 3.8)."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.onboarding import EnrollmentCreated, EnrollmentWithdrawn
from contracts.people import Role

from onboarding import queries
from onboarding.commands import assignments
from onboarding.domain import enrollments as domain
from onboarding.domain.people import check_student
from onboarding.domain.programs import ProgramNotFound, check_holder
from onboarding.schemas.enrollments import EnrollmentIn, WithdrawalIn

TOLD = "enrollment_id, student_id, program_id, cohort_id, started_on, ended_on, status, revision"


async def enroll(tx: Transaction, body: EnrollmentIn, now: datetime) -> UUID:
    """Enrolls a student and assigns them to the program's holder; gives the enrollment's id.

    Raises ProgramNotFound, ProgramOfAnother, HolderAsStudent, StudentNotFound, StudentNotActive, AlreadyEnrolled.
    """
    program = await queries.programs.program(tx, body.program_id)
    if program is None:
        raise ProgramNotFound
    check_holder(partner_id=program.partner_id, who=tx.principal.user_id, roles=tx.principal.roles)
    domain.check_enrollment(student_id=body.student_id, holder_id=program.partner_id)
    check_student(await queries.people.standing(tx, body.student_id))
    # First the assignment: only then may the holder write, and read, what concerns this student.
    who = {"student_id": body.student_id, "partner_id": program.partner_id, "program_id": program.program_id}
    await assignments.ensure(tx, who | {"role": Role.PROGRAM_HOLDER}, now)
    made = await tx.first(
        f"""insert into enrollment (student_id, program_id, cohort_id, started_on, created_at)
            values (:student_id, :program_id, :cohort_id, :started_on, :now)
            on conflict (student_id, program_id) where status = 'active' do nothing returning {TOLD}""",
        body.model_dump() | {"now": now},
    )
    if made is None:
        raise domain.AlreadyEnrolled
    after = {"program_id": made.program_id, "started_on": made.started_on, "status": made.status}
    audit.record(tx, "enrollment.create", "enrollment", made.enrollment_id, subject_id=made.student_id, after=after)
    publish(tx, EnrollmentCreated(**made._mapping))
    return UUID(str(made.enrollment_id))


async def withdraw(tx: Transaction, enrollment_id: UUID, body: WithdrawalIn, now: datetime) -> None:
    """Ends an enrollment before completion. Raises EnrollmentNotFound, ProgramOfAnother, NotEnrolledNow, LastDayNotPossible."""
    known = await queries.enrollments.enrollment(tx, enrollment_id)
    if known is None:
        raise domain.EnrollmentNotFound
    program = await queries.programs.program(tx, known.program_id)
    check_holder(partner_id=program.partner_id, who=tx.principal.user_id, roles=tx.principal.roles)
    status = await tx.scalar("select status from enrollment where enrollment_id = :id for update", {"id": enrollment_id})
    today = now.astimezone(ZoneInfo(program.time_zone)).date()
    domain.check_withdrawal(status=status, started_on=known.started_on, ended_on=body.ended_on, today=today)
    ended = (
        await tx.execute(
            f"""update enrollment set status = 'withdrawn', ended_on = :ended_on, withdrawal_reason = :reason, revision = revision + 1
                where enrollment_id = :id returning {TOLD}""",
            body.model_dump() | {"id": enrollment_id},
        )
    ).one()
    after = {"status": ended.status, "ended_on": ended.ended_on}
    before = {"status": status, "ended_on": known.ended_on}
    audit.record(tx, "enrollment.withdraw", "enrollment", enrollment_id, subject_id=ended.student_id, before=before, after=after)
    publish(tx, EnrollmentWithdrawn(**ended._mapping))
