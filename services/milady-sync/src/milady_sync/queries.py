"""What milady-sync reads. Row-level security says whose rows there are for the one who asks."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Transaction
from chassis.disclosures import disclose
from chassis.pagination import Paging

from milady_sync import domain

Rows = Sequence[Any]


class PlaceOnMilady(NamedTuple):
    """A student and a course as Milady calls them."""

    milady_student_id: str
    milady_enrollment_id: str


async def place_to_provision(tx: Transaction, enrollment_id: UUID) -> Any:
    """Who shall be enrolled in which courses: user_id, name, email, codes. None when there is nothing to do (any more)."""
    return await tx.first(
        """select u.user_id, u.name, u.email, array(select c->>'code' from jsonb_array_elements(g.courses) c) as codes
           from provisioning p join enrollment e using (enrollment_id) join person u on u.user_id = e.student_id
           join program g using (program_id)
           where p.enrollment_id = :id and p.state in ('requested', 'failed') and e.status = 'active' and u.status = 'active'""",
        {"id": enrollment_id},
    )


async def courses_to_read(tx: Transaction, enrollment_id: UUID) -> Rows:
    """Each course of an active, provisioned enrollment, with what decides from which date on it is read, and `asked_at`, the database's
    time: of all clocks it is the one that every worker shares. Empty when there is none."""
    return await tx.all(
        """select c.course_code, c.milady_enrollment_id, e.started_on, (now() at time zone g.time_zone)::date as today,
             now() as asked_at,
             (select max(t.date) from milady_time_tracking t
              where t.enrollment_id = c.enrollment_id and t.course_code = c.course_code) as newest
           from milady_course c join enrollment e using (enrollment_id) join program g using (program_id)
           where c.enrollment_id = :id and e.status = 'active' order by c.course_code""",
        {"id": enrollment_id},
    )


async def known_entries(tx: Transaction, enrollment_id: UUID, course_code: str, since: date) -> dict[domain.Slot, domain.KnownEntry]:
    """The stored entries of a course from that date on, voided ones included."""
    found = await tx.all(
        """select log_id, revision, date, lesson_id, activity_type, minutes, voided from milady_time_tracking
           where enrollment_id = :id and course_code = :course and date >= :since""",
        {"id": enrollment_id, "course": course_code, "since": since},
    )
    return {
        domain.Slot(row.date, row.lesson_id, row.activity_type): domain.KnownEntry(row.log_id, row.revision, row.minutes, row.voided)
        for row in found
    }


async def enrollment(tx: Transaction, enrollment_id: UUID) -> Any:
    """The enrollment, with its provisioning's state. Raises EnrollmentNotFound."""
    found = await tx.first(
        """select e.*, p.state, p.milady_student_id from enrollment e left join provisioning p using (enrollment_id)
           where e.enrollment_id = :id""",
        {"id": enrollment_id},
    )
    if found is None:
        raise domain.EnrollmentNotFound("There is no such enrollment among those that you may see. Check the id.")
    return found


async def courses(tx: Transaction, enrollment_id: UUID) -> Rows:
    """Where the enrollment stands in each of its courses. Raises EnrollmentNotFound."""
    disclose(tx, [(await enrollment(tx, enrollment_id)).student_id])
    return await tx.all("select * from milady_course where enrollment_id = :id order by course_code", {"id": enrollment_id})


async def time_rows(tx: Transaction, enrollment_id: UUID, paging: Paging) -> Rows:
    """A page of Milady's time entries, the newest date first. Raises EnrollmentNotFound."""
    disclose(tx, [(await enrollment(tx, enrollment_id)).student_id])
    after = paging.values(date.fromisoformat, UUID) or [None, None]
    return await tx.all(
        """select * from milady_time_tracking where enrollment_id = :id and not voided
             and (cast(:date as date) is null or (date, log_id) < (cast(:date as date), cast(:log_id as uuid)))
           order by date desc, log_id desc limit :n""",
        {"id": enrollment_id, "date": after[0], "log_id": after[1], "n": paging.limit + 1},
    )


async def provisionings(tx: Transaction, state: str | None, enrollment_id: UUID | None, paging: Paging) -> Rows:
    """A page of provisionings, the newest enrollment first."""
    after = paging.values(UUID) or [None]
    return await tx.all(
        """select * from provisioning where state = coalesce(:state, state)
             and enrollment_id = coalesce(cast(:enrollment_id as uuid), enrollment_id)
             and (cast(:after as uuid) is null or enrollment_id < cast(:after as uuid))
           order by enrollment_id desc limit :n""",
        {"state": state, "enrollment_id": enrollment_id, "after": after[0], "n": paging.limit + 1},
    )


async def sync(tx: Transaction, sync_id: UUID) -> tuple[Any, Rows]:
    """A sync run with its failed enrollments and why. Raises SyncNotFound."""
    found = await tx.first("select * from sync where sync_id = :id", {"id": sync_id})
    if found is None:
        raise domain.SyncNotFound("There is no such sync run among those that you may see. Check the id.")
    failures = await tx.all(
        "select enrollment_id, student_id, reason from sync_item where sync_id = :id and state = 'failed' order by enrollment_id",
        {"id": sync_id},
    )
    disclose(tx, [row.student_id for row in failures])
    return found, failures


async def syncs(tx: Transaction, paging: Paging) -> Rows:
    """A page of sync runs, the newest first."""
    after = paging.values(int) or [None]
    return await tx.all(
        "select * from sync where (cast(:after as bigint) is null or number < cast(:after as bigint)) order by number desc limit :n",
        {"after": after[0], "n": paging.limit + 1},
    )


async def zones(tx: Transaction) -> list[str]:
    """The time zones of programs that have active enrollments."""
    found = await tx.all("select distinct time_zone from program join enrollment using (program_id) where status = 'active'")
    return [row.time_zone for row in found]


async def programs_in(tx: Transaction, zone: str) -> list[UUID]:
    """The programs of a time zone that have an enrollment to sync."""
    found = await tx.all(
        """select distinct program_id from program join enrollment e using (program_id) join provisioning p using (enrollment_id)
           where time_zone = :zone and e.status = 'active' and p.state = 'provisioned' order by program_id""",
        {"zone": zone},
    )
    return [row.program_id for row in found]


async def own_place(tx: Transaction, enrollment_id: UUID, course_code: str) -> Any:
    """The acting student's own place in a course. Raises EnrollmentNotFound, EnrollmentEnded, CourseNotFound."""
    found = await enrollment(tx, enrollment_id)
    if found.student_id != tx.principal.user_id:
        raise domain.EnrollmentNotFound("A course can be opened by its student alone. Sign in as the student.")
    if found.status != "active":
        raise domain.EnrollmentEnded("This enrollment has ended, so its courses cannot be opened any more.")
    course = await tx.first(
        "select milady_enrollment_id from milady_course where enrollment_id = :id and course_code = :course",
        {"id": enrollment_id, "course": course_code},
    )
    if course is None:
        raise domain.CourseNotFound("There is no such course on Milady for you yet. Check the code, or wait until the account is set up.")
    return PlaceOnMilady(found.milady_student_id, course.milady_enrollment_id)
