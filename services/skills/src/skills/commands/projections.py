"""What skills keeps of others' events. An older revision never overwrites a newer; the order between topics does not matter."""

import json

from chassis import access
from chassis.database import Transaction
from contracts.onboarding import EnrollmentCreated, EnrollmentWithdrawn, ProgramPublished, StudentAssigned, StudentUnassigned

KEPT = {"enrollment_id", "student_id", "program_id", "status", "revision"}


async def keep_program(tx: Transaction, event: ProgramPublished) -> None:
    """The catalogue with its quotas."""
    await tx.execute(
        """insert into program as t (program_id, skills, revision) values (:program_id, cast(:skills as jsonb), :revision)
           on conflict (program_id) do update set skills = excluded.skills, revision = excluded.revision
           where t.revision < excluded.revision""",
        {
            "program_id": event.program_id,
            "skills": json.dumps([skill.model_dump() for skill in event.skills]),
            "revision": event.revision,
        },
    )


async def keep_enrollment(tx: Transaction, event: EnrollmentCreated | EnrollmentWithdrawn) -> None:
    """Who may log services of which program, and whether still."""
    await tx.execute(
        """insert into enrollment as t (enrollment_id, student_id, program_id, status, revision)
           values (:enrollment_id, :student_id, :program_id, :status, :revision)
           on conflict (enrollment_id) do update set student_id = excluded.student_id, program_id = excluded.program_id,
             status = excluded.status, revision = excluded.revision
           where t.revision < excluded.revision""",
        event.model_dump(include=KEPT),
    )


async def keep_assignment(tx: Transaction, event: StudentAssigned | StudentUnassigned) -> None:
    """Who sees and decides whose entries."""
    whose = {"viewer_id": event.partner_id, "subject_id": event.student_id}
    await access.grant(tx, event.assignment_id, **whose, active=event.active, revision=event.revision)
