"""Reads of Milady's state. Whatever a tenant may not see is not found."""

import sqlite3
from datetime import date

from dev.sandbox.database import read_setting
from dev.sandbox.errors import Refused
from dev.sandbox.milady.domain import Enrollment, Student, TimeEntry
from dev.sandbox.milady.schemas import Dialect

_ENROLLMENT = """
    SELECT e.*, (SELECT coalesce(sum(t.hundredths), 0) FROM time_entries t WHERE t.enrollment_id = e.id) AS hundredths
    FROM enrollments e JOIN students s ON s.id = e.student_id
"""


def get_student(db: sqlite3.Connection, tenant: str, student_id: str) -> Student:
    """Give a student of the tenant. Raises Refused (404)."""
    row = db.execute("SELECT * FROM students WHERE id = ? AND tenant = ?", (student_id, tenant)).fetchone()
    if row is None:
        raise Refused(404, "student_not_found", "There is no such student.")
    return Student(**row)


def list_students(db: sqlite3.Connection, tenant: str, email: str | None, limit: int, offset: int) -> tuple[int, list[Student]]:
    """Give how many students the tenant has (of that email, in any case of letters) and a page of them, in order of creation."""
    # Two forms and not `? IS NULL OR email = ?`, which no index serves: every account that is made looks its email up here.
    where, values = ("tenant = ? AND email = ?", (tenant, email)) if email is not None else ("tenant = ?", (tenant,))
    total = db.execute(f"SELECT count(*) FROM students WHERE {where}", values).fetchone()[0]
    rows = db.execute(f"SELECT * FROM students WHERE {where} ORDER BY rowid LIMIT ? OFFSET ?", (*values, limit, offset))
    return total, [Student(**row) for row in rows]


def all_students(db: sqlite3.Connection, limit: int = -1) -> list[Student]:
    """Give the newest students of all tenants, all of them without a limit."""
    return [Student(**row) for row in db.execute("SELECT * FROM students ORDER BY rowid DESC LIMIT ?", (limit,))]


def find_student(db: sqlite3.Connection, student_id: str | None, email: str | None) -> Student:
    """Give the student of that id or email, of any tenant. Raises Refused (404, or 409 if two tenants have the email)."""
    rows = db.execute("SELECT * FROM students WHERE id = ? OR email = ?", (student_id, email)).fetchall()
    if not rows:
        raise Refused(404, "student_not_found", "There is no such student.")
    if len(rows) > 1:
        raise Refused(409, "student_ambiguous", "Two tenants have a student with that email; give milady_student_id.")
    return Student(**rows[0])


def enrollments_of(db: sqlite3.Connection, student_id: str) -> list[Enrollment]:
    """Give a student's enrollments in the order in which they were made."""
    return [Enrollment(**row) for row in db.execute(_ENROLLMENT + "WHERE s.id = ? ORDER BY e.rowid", (student_id,))]


def get_enrollment(db: sqlite3.Connection, tenant: str, enrollment_id: str) -> Enrollment:
    """Give an enrollment of the tenant. Raises Refused (404)."""
    return _one_enrollment(db, "s.tenant = ? AND e.id = ?", (tenant, enrollment_id))


def enrollment_of_certificate(db: sqlite3.Connection, tenant: str, certificate_id: str) -> Enrollment:
    """Give the enrollment that earned a certificate of the tenant. Raises Refused (404)."""
    return _one_enrollment(db, "s.tenant = ? AND e.certificate_id = ?", (tenant, certificate_id), "certificate")


def enrollment_in(db: sqlite3.Connection, student_id: str, course_code: str) -> Enrollment:
    """Give a student's enrollment in a course. Raises Refused (404)."""
    return _one_enrollment(db, "s.id = ? AND e.course_code = ?", (student_id, course_code))


def enrollment_by_id(db: sqlite3.Connection, enrollment_id: str) -> Enrollment:
    """Give an enrollment of any tenant. Raises Refused (404)."""
    return _one_enrollment(db, "e.id = ?", (enrollment_id,))


def _one_enrollment(db: sqlite3.Connection, where: str, values: tuple[str, ...], noun: str = "enrollment") -> Enrollment:
    row = db.execute(f"{_ENROLLMENT} WHERE {where}", values).fetchone()
    if row is None:
        raise Refused(404, f"{noun}_not_found", f"There is no such {noun}.")
    return Enrollment(**row)


def time_entries(db: sqlite3.Connection, enrollment_id: str, first: date | None = None, last: date | None = None) -> list[TimeEntry]:
    """Give an enrollment's time between two dates, both included, by date, lesson and activity."""
    rows = db.execute(
        "SELECT * FROM time_entries WHERE enrollment_id = ? AND on_date BETWEEN ? AND ? ORDER BY on_date, lesson_id, activity",
        (enrollment_id, (first or date.min).isoformat(), (last or date.max).isoformat()),
    )
    return [TimeEntry(**row) for row in rows]


def dialect(db: sqlite3.Connection) -> Dialect:
    """Give the dialect that answers are written in."""
    return "b" if read_setting(db, "dialect") == "b" else "a"
