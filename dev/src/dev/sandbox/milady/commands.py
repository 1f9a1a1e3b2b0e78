"""What changes Milady's state. The caller opens and commits the transaction."""

import hashlib
import secrets
import sqlite3
from datetime import date, datetime, timedelta

from dev.sandbox import clock
from dev.sandbox.errors import Refused
from dev.sandbox.milady import domain, queries
from dev.sandbox.milady.courses import Activity
from dev.sandbox.milady.domain import Enrollment, Student, TimeEntry
from dev.sandbox.milady.schemas import EnrollmentIn, LaunchIn, StudentIn


def create_student(db: sqlite3.Connection, tenant: str, body: StudentIn, now: datetime) -> Student:
    """Make an account. Raises Refused (409, with `existing_id`) if the tenant has one of that email."""
    _refuse_taken_email(db, tenant, body.email)
    student_id, at = _new_id("stu"), clock.stamp(now)
    db.execute(
        "INSERT INTO students VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (student_id, tenant, body.email, body.first_name, body.last_name, body.external_id, at, at),
    )
    return queries.get_student(db, tenant, student_id)


def change_student(db: sqlite3.Connection, tenant: str, student_id: str, body: StudentIn, now: datetime) -> Student:
    """Replace an account's profile. Raises Refused (404, or 409 if another has that email)."""
    student = queries.get_student(db, tenant, student_id)
    _refuse_taken_email(db, tenant, body.email, but=student.id)
    db.execute(
        "UPDATE students SET email = ?, first_name = ?, last_name = ?, external_id = ?, updated_at = ? WHERE id = ?",
        (body.email, body.first_name, body.last_name, body.external_id, clock.stamp(now), student.id),
    )
    return queries.get_student(db, tenant, student_id)


def _refuse_taken_email(db: sqlite3.Connection, tenant: str, email: str, but: str | None = None) -> None:
    _, holders = queries.list_students(db, tenant, email, 1, 0)
    if holders and holders[0].id != but:
        raise Refused(409, "student_exists", "There is a student with that email already.", existing_id=holders[0].id)


def enroll(db: sqlite3.Connection, tenant: str, body: EnrollmentIn, now: datetime) -> Enrollment:
    """Put a student in a course. Raises Refused (404, or 409 with `existing_id` if the student is in it)."""
    student = queries.get_student(db, tenant, body.student_id)
    course = domain.find_course(body.course_code)
    for enrollment in queries.enrollments_of(db, student.id):
        if enrollment.course_code == course.code:
            raise Refused(409, "already_enrolled", "The student is in that course already.", existing_id=enrollment.id)
    enrollment_id = _new_id("enr")
    db.execute(
        "INSERT INTO enrollments (id, student_id, course_code, enrolled_at) VALUES (?, ?, ?, ?)",
        (enrollment_id, student.id, course.code, clock.stamp(now)),
    )
    return queries.enrollment_by_id(db, enrollment_id)


def study(
    db: sqlite3.Connection,
    enrollment: Enrollment,
    *,
    hundredths: int,
    on: date,
    activity: Activity,
    lesson_id: str | None,
    percent_hundredths: int | None,
    now: datetime,
) -> tuple[TimeEntry, Enrollment]:
    """Add time, as Milady's tracker would, and move the progress; give the entry that holds the time and the enrollment after it.

    Time in the same lesson and activity on the same date adds up in one entry. Raises Refused (404 lesson, 409 completed course).
    """
    lesson = domain.lesson_to_study(enrollment.course, enrollment.percent_hundredths, activity, lesson_id)
    row = db.execute(
        "INSERT INTO time_entries VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (enrollment_id, on_date, lesson_id, activity)"
        " DO UPDATE SET hundredths = hundredths + excluded.hundredths RETURNING *",
        (_new_id("tim"), enrollment.id, on.isoformat(), lesson.id, activity, hundredths),
    ).fetchone()
    after = queries.enrollment_by_id(db, enrollment.id)
    percent = domain.percent_after_study(after, percent_hundredths)
    db.execute(
        "UPDATE enrollments SET percent_hundredths = ?, last_accessed_at = ? WHERE id = ?", (percent, clock.stamp(now), enrollment.id)
    )
    if percent == domain.DONE and not after.completed_at:
        db.execute(
            "UPDATE enrollments SET completed_at = ?, certificate_id = ? WHERE id = ?", (clock.stamp(now), _new_id("crt"), enrollment.id)
        )
    return TimeEntry(**row), queries.enrollment_by_id(db, enrollment.id)


def restate(db: sqlite3.Connection, entry_id: str, hundredths: int | None) -> None:
    """Set an entry's time to another value, or remove it for None; the progress stays. Raises Refused (404)."""
    if hundredths is None:
        found = db.execute("DELETE FROM time_entries WHERE id = ?", (entry_id,)).rowcount
    else:
        found = db.execute("UPDATE time_entries SET hundredths = ? WHERE id = ?", (hundredths, entry_id)).rowcount
    if not found:
        raise Refused(404, "entry_not_found", "There is no such time entry; take an id from /control/state.")


def prepare_launch(db: sqlite3.Connection, tenant: str, body: LaunchIn, now: datetime) -> tuple[str, datetime]:
    """Make a token that opens the student's course once; give it and when it expires. Raises Refused (404)."""
    enrollment = queries.get_enrollment(db, tenant, body.enrollment_id)
    if enrollment.student_id != body.student_id:
        raise Refused(404, "enrollment_not_found", "The student has no such enrollment.")
    token, expires = secrets.token_urlsafe(32), now + timedelta(seconds=domain.LAUNCH_SECONDS)
    db.execute("INSERT INTO launches VALUES (?, ?, ?, NULL)", (_digest(token), enrollment.id, clock.stamp(expires)))
    return token, expires


def launch(db: sqlite3.Connection, token: str, now: datetime) -> Enrollment:
    """Use a launch token up and give the enrollment that it opens. Raises Refused (404 unknown, 410 used or expired)."""
    row = db.execute("SELECT * FROM launches WHERE token_sha256 = ?", (_digest(token),)).fetchone()
    at = clock.stamp(now)
    if row is None:
        raise Refused(404, "launch_not_found", "This launch address is not known; start the course from your student page.")
    if row["used_at"] or row["expires_at"] <= at:
        raise Refused(410, "launch_over", "This launch address was used or has expired; start the course again from your student page.")
    db.execute("UPDATE launches SET used_at = ? WHERE token_sha256 = ?", (at, row["token_sha256"]))
    db.execute("UPDATE enrollments SET last_accessed_at = ? WHERE id = ?", (at, row["enrollment_id"]))
    return queries.enrollment_by_id(db, row["enrollment_id"])


def _new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(10)}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
