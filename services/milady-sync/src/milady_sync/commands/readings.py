"""What a sync read of one enrollment: stored, and published where it changed (SPEC 3.2, 3.4)."""

from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.hours import Category, HoursLogged, HoursStatus, HoursVoided, Source
from contracts.milady import CourseProgressed

from milady_sync import domain, queries

Entries = dict[domain.Slot, domain.TimeEntry]
Known = dict[domain.Slot, domain.KnownEntry]
UPSERT = """insert into milady_time_tracking as t (log_id, revision, enrollment_id, course_code, student_id, date, lesson_id,
   lesson_name, activity_type, hours_spent, minutes, last_synced_at)
 select log_id, revision, $1, $2, $3, date, lesson_id, lesson_name, activity_type, hours_spent, minutes, $4
 from unnest($5::uuid[], $6::int[], $7::date[], $8::text[], $9::text[], $10::text[], $11::numeric[], $12::int[])
   as n (log_id, revision, date, lesson_id, lesson_name, activity_type, hours_spent, minutes)
 on conflict (log_id) do update set revision = excluded.revision, lesson_name = excluded.lesson_name,
   hours_spent = excluded.hours_spent, minutes = excluded.minutes, voided = false, last_synced_at = excluded.last_synced_at"""
VOID = """update milady_time_tracking t set revision = v.revision, voided = true, hours_spent = 0, minutes = 0, last_synced_at = $1
 from unnest($2::uuid[], $3::int[]) as v (log_id, revision) where t.log_id = v.log_id"""


async def store(tx: Transaction, enrollment_id: UUID, reading: domain.Reading) -> int:
    """Stores a reading and publishes what it changed. Returns how many ledger entries are new, restated or voided.

    Nothing is stored of an enrollment that has ended meanwhile, nor of a course that a later reading has told of already.
    """
    active = await tx.first("select true from enrollment where enrollment_id = :id and status = 'active' for update", {"id": enrollment_id})
    if not active:
        return 0
    courses = {row.course_code: row for row in await queries.courses(tx, enrollment_id)}
    changed = 0
    for read in reading.courses:
        course = courses.get(read.course_code)
        if course and (course.as_of is None or course.as_of < reading.as_of):
            await _store_progress(tx, course, read.progress, reading)
            changed += await _store_time(tx, course, read, reading)
    if changed:
        student_id = next(iter(courses.values())).student_id
        audit.record(tx, "time.sync", "enrollment", enrollment_id, subject_id=student_id, after={"entries_changed": changed})
    return changed


async def _store_progress(tx: Transaction, course: Any, now: domain.Progress, reading: domain.Reading) -> None:
    before = domain.Progress(course.percent, course.minutes_spent, course.last_accessed_at)
    changed = course.as_of is None or before != now
    revision = course.revision + (1 if changed else 0)
    await tx.execute(
        """update milady_course set percent = :percent, minutes_spent = :minutes, last_accessed_at = :accessed, as_of = :as_of,
             revision = :revision where enrollment_id = :id and course_code = :course""",
        {
            "id": course.enrollment_id,
            "course": course.course_code,
            "percent": now.percent,
            "minutes": now.minutes_spent,
            "accessed": now.last_accessed_at,
            "as_of": reading.as_of,
            "revision": revision,
        },
    )
    if changed:
        publish(
            tx,
            CourseProgressed(
                revision=revision,
                enrollment_id=course.enrollment_id,
                student_id=course.student_id,
                course_code=course.course_code,
                title=course.title,
                percent=now.percent,
                minutes_spent=now.minutes_spent,
                minutes_required=course.minutes_required,
                last_accessed_at=now.last_accessed_at,
                as_of=reading.as_of,
            ),
        )


async def _store_time(tx: Transaction, course: Any, read: domain.CourseReading, reading: domain.Reading) -> int:
    known = await queries.known_entries(tx, course.enrollment_id, course.course_code, read.since)
    fetched = domain.combine(read.entries)
    found = domain.differences(known, fetched)
    driver = await tx.driver()
    await driver.execute(
        UPSERT, course.enrollment_id, course.course_code, course.student_id, reading.as_of, *_columns(course, fetched, known, found)
    )
    if found.voided:
        ids, revisions = [each.log_id for each, _ in found.voided.values()], [revision for _, revision in found.voided.values()]
        await driver.execute(VOID, reading.as_of, ids, revisions)
    _publish(tx, course, found)
    return len(found)


def _columns(course: Any, fetched: Entries, known: Known, found: domain.Differences) -> tuple[list[Any], ...]:
    return (
        [domain.log_id_of(course.enrollment_id, course.course_code, slot) for slot in fetched],
        [found.logged[slot][1] if slot in found.logged else known[slot].revision for slot in fetched],
        [slot.work_date for slot in fetched],
        [slot.lesson_id for slot in fetched],
        [entry.lesson_name for entry in fetched.values()],
        [slot.activity for slot in fetched],
        [entry.hours for entry in fetched.values()],
        [entry.minutes for entry in fetched.values()],
    )


def _publish(tx: Transaction, course: Any, found: domain.Differences) -> None:
    about = {"enrollment_id": course.enrollment_id, "student_id": course.student_id, "source": Source.LMS}
    for slot, (entry, revision) in found.logged.items():
        publish(
            tx,
            HoursLogged(
                **about,
                revision=revision,
                log_id=domain.log_id_of(course.enrollment_id, course.course_code, slot),
                work_date=slot.work_date,
                minutes=entry.minutes,
                category=Category.THEORY,
                status=HoursStatus.VERIFIED,
                external_key=f"{course.milady_enrollment_id}/{slot.work_date}/{slot.lesson_id}/{slot.activity}",
            ),
        )
    for slot, (known, revision) in found.voided.items():
        reason = "Milady no longer has this entry."
        publish(tx, HoursVoided(**about, revision=revision, log_id=known.log_id, work_date=slot.work_date, reason=reason))
