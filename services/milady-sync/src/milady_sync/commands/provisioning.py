"""Accounts and courses on Milady: requested, done, failed, tried again (SPEC 3.4)."""

from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.milady import MiladyCourse, MiladyProvisioned, MiladyProvisioningFailed, ProvisioningRequested

from milady_sync import domain, queries

READY = """update provisioning p set state = 'requested', requested_at = now(), next_attempt_at = null
 from enrollment e, person u, program g
 where e.enrollment_id = p.enrollment_id and u.user_id = e.student_id and g.program_id = e.program_id
   and e.status = 'active' and u.status = 'active' and {which}
 returning p.enrollment_id, p.attempts + 1 as attempt"""
DUE = """(p.state = 'pending' or p.state = 'failed' and p.next_attempt_at <= now()
 or p.state = 'requested' and p.requested_at < now() - interval '15 minutes')"""
COURSES = """insert into milady_course (enrollment_id, student_id, course_code, title, minutes_required, milady_enrollment_id)
 select e.enrollment_id, e.student_id, c.code, c.title, c.minutes, p.place
 from enrollment e join program g using (program_id), jsonb_to_recordset(g.courses) as c (code text, title text, minutes int)
   join unnest(cast(:codes as text[]), cast(:places as text[])) as p (code, place) using (code)
 where e.enrollment_id = :id returning course_code, title, milady_enrollment_id"""


async def request_what_is_ready(tx: Transaction, which: str, subject: UUID) -> None:
    """Requests the provisionings that waited for what has just come; `which` compares a column with `:id`."""
    await _request(tx, f"p.state = 'pending' and {which}", subject)


async def request_due(tx: Transaction) -> int:
    """Requests again what failed and is due, what two events at once left waiting, and what never came back. Returns how many."""
    return await _request(tx, DUE)


async def _request(tx: Transaction, which: str, subject: UUID | None = None) -> int:
    found = await tx.all(READY.format(which=which), {"id": subject} if subject else None)
    for row in found:
        publish(tx, ProvisioningRequested(revision=row.attempt, enrollment_id=row.enrollment_id, attempt=row.attempt))
    return len(found)


async def retry(tx: Transaction, enrollment_id: UUID) -> Any:
    """Requests a failed provisioning now. Raises EnrollmentNotFound, EnrollmentEnded, AlreadyProvisioned; gives the row."""
    found = await queries.enrollment(tx, enrollment_id)
    if found.state == "provisioned":
        raise domain.AlreadyProvisioned("The student has an account and all courses already. There is nothing to try again.")
    if found.status != "active":
        raise domain.EnrollmentEnded("This enrollment has ended, so nothing is set up on Milady for it any more.")
    changed = await tx.execute(
        """update provisioning set state = 'requested', requested_at = now(), next_attempt_at = null
           where enrollment_id = :id returning *""",
        {"id": enrollment_id},
    )
    row = changed.one()
    was, becomes = {"state": found.state}, {"state": row.state, "attempt": row.attempts + 1}
    audit.record(tx, "provisioning.retry", "enrollment", enrollment_id, subject_id=found.student_id, before=was, after=becomes)
    publish(tx, ProvisioningRequested(revision=row.attempts + 1, enrollment_id=enrollment_id, attempt=row.attempts + 1))
    return row


async def settle(tx: Transaction, enrollment_id: UUID, outcome: domain.Account | domain.Failure | None) -> None:
    """Stores what came of asking Milady. None: there was nothing to do. An account made once stays, whatever came later."""
    row = await tx.first(
        """select p.*, e.program_id, now() as now from provisioning p join enrollment e using (enrollment_id)
           where p.enrollment_id = :id for update of p""",
        {"id": enrollment_id},
    )
    if row is None or outcome is None or row.state in ("provisioned", "cancelled"):
        return
    if isinstance(outcome, domain.Failure):
        await _failed(tx, row, outcome)
    else:
        await _provisioned(tx, row, outcome)


async def _failed(tx: Transaction, row: Any, failure: domain.Failure) -> None:
    attempts = row.attempts + 1
    again = domain.next_attempt(attempts, row.now)
    await tx.execute(
        """update provisioning set state = 'failed', attempts = :attempts, next_attempt_at = :again, reason = :reason,
             revision = revision + 1 where enrollment_id = :id""",
        {"id": row.enrollment_id, "attempts": attempts, "again": again, "reason": failure.reason},
    )
    was, becomes = {"state": row.state, "attempts": row.attempts}, {"state": "failed", "attempts": attempts, "reason": failure.reason}
    audit.record(tx, "provisioning.fail", "enrollment", row.enrollment_id, subject_id=row.student_id, before=was, after=becomes)
    publish(
        tx,
        MiladyProvisioningFailed(
            revision=row.revision + 1,
            enrollment_id=row.enrollment_id,
            student_id=row.student_id,
            program_id=row.program_id,
            reason=failure.reason,
            attempts=attempts,
            next_attempt_at=again,
        ),
    )


async def _provisioned(tx: Transaction, row: Any, account: domain.Account) -> None:
    await tx.execute(
        """update provisioning set state = 'provisioned', attempts = attempts + 1, next_attempt_at = null, reason = null,
             milady_student_id = :student, provisioned_at = :now, revision = revision + 1 where enrollment_id = :id""",
        {"id": row.enrollment_id, "student": account.milady_student_id, "now": row.now},
    )
    places = await tx.all(COURSES, {"id": row.enrollment_id, "codes": list(account.places), "places": list(account.places.values())})
    was, becomes = {"state": row.state}, {"state": "provisioned", "milady_student_id": account.milady_student_id}
    audit.record(tx, "enrollment.provision", "enrollment", row.enrollment_id, subject_id=row.student_id, before=was, after=becomes)
    publish(
        tx,
        MiladyProvisioned(
            revision=row.revision + 1,
            enrollment_id=row.enrollment_id,
            student_id=row.student_id,
            program_id=row.program_id,
            milady_student_id=account.milady_student_id,
            courses=tuple(MiladyCourse.model_validate(place._mapping) for place in places),
            provisioned_at=row.now,
        ),
    )
