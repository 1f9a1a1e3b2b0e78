"""What milady-sync keeps of others' events. An older revision never overwrites a newer; the order between topics does not matter."""

import json

from chassis import erasure
from chassis.database import Transaction
from contracts.onboarding import EnrollmentCreated, EnrollmentWithdrawn, ProgramPublished
from contracts.people import UserChanged

from milady_sync.commands.provisioning import request_what_is_ready

ENROLLMENT = """insert into enrollment as t (enrollment_id, student_id, program_id, started_on, status, revision)
 values (:enrollment_id, :student_id, :program_id, :started_on, :status, :revision)
 on conflict (enrollment_id) do update set student_id = excluded.student_id, program_id = excluded.program_id,
   started_on = excluded.started_on, status = excluded.status, revision = excluded.revision
 where t.revision < excluded.revision"""
KEPT = {"enrollment_id", "student_id", "program_id", "started_on", "status", "revision"}


async def keep_person(tx: Transaction, event: UserChanged) -> None:
    """Keeps name and address; requests the provisionings that waited for them. An erased person leaves an empty row."""
    known = event.status != "erased"
    await tx.execute(
        """insert into person as t (user_id, name, email, status, revision) values (:id, :name, :email, :status, :revision)
           on conflict (user_id) do update set name = excluded.name, email = excluded.email, status = excluded.status,
             revision = excluded.revision where t.revision < excluded.revision""",
        {
            "id": event.user_id,
            "name": event.name if known else "",
            "email": event.email if known else "",
            "status": event.status,
            "revision": event.revision,
        },
    )
    if not known:
        await erasure.scrub(tx, event.user_id)
    await request_what_is_ready(tx, "e.student_id = :id", event.user_id)


async def keep_program(tx: Transaction, event: ProgramPublished) -> None:
    """Keeps zone and courses; requests the provisionings that waited for them."""
    await tx.execute(
        """insert into program as t (program_id, partner_id, time_zone, courses, revision)
           values (:id, :partner_id, :time_zone, cast(:courses as jsonb), :revision)
           on conflict (program_id) do update set partner_id = excluded.partner_id, time_zone = excluded.time_zone,
             courses = excluded.courses, revision = excluded.revision where t.revision < excluded.revision""",
        {
            "id": event.program_id,
            "partner_id": event.partner_id,
            "time_zone": event.time_zone,
            "courses": json.dumps([course.model_dump() for course in event.courses]),
            "revision": event.revision,
        },
    )
    await request_what_is_ready(tx, "e.program_id = :id", event.program_id)


async def keep_enrollment(tx: Transaction, event: EnrollmentCreated | EnrollmentWithdrawn) -> None:
    """Keeps the enrollment. A new active one is provisioned as soon as person and program are known; an ended one is left alone."""
    await tx.execute(ENROLLMENT, event.model_dump(include=KEPT))
    await tx.execute(
        """insert into provisioning (enrollment_id, student_id, state)
           select enrollment_id, student_id, case when status = 'active' then 'pending' else 'cancelled' end
           from enrollment where enrollment_id = :id
           on conflict (enrollment_id) do update set state = 'cancelled', next_attempt_at = null
           where excluded.state = 'cancelled' and provisioning.state <> 'provisioned'""",
        {"id": event.enrollment_id},
    )
    await request_what_is_ready(tx, "e.enrollment_id = :id", event.enrollment_id)
