"""The page at `/`: what the sandbox holds, for a person to look at."""

import sqlite3
from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from dev.sandbox import clock
from dev.sandbox.html import page
from dev.sandbox.milady import queries
from dev.sandbox.milady.courses import COURSES
from dev.sandbox.milady.domain import Enrollment, Student
from dev.sandbox.state import Here, Now

router = APIRouter(include_in_schema=False)

SHOWN = 200


@router.get("/")
async def home(sandbox: Here, now: Now) -> HTMLResponse:
    """Courses, students with their progress, the clock and the faults in force."""
    students = queries.all_students(sandbox.db, SHOWN)
    faults = sandbox.faults.settings.model_dump_json(exclude_defaults=True)
    state = (
        f"<p>Clock: <time>{clock.stamp(now)}</time>. Dialect: <code>{queries.dialect(sandbox.db)}</code>. "
        f"Faults in force: <code>{escape(faults) if faults != '{}' else 'none'}</code>.</p>"
        "<p>Chairside's clients use <code>/milady/api/v1</code>; <code>/control</code> moves the clock, studies and breaks things.</p>"
    )
    return page("Sandbox of Milady CIMA", state + _courses() + _students(sandbox.db, students))


def _courses() -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(course.title)}</th><td><code>{course.code}</code></td><td>{course.hundredths / 100:.2f}</td>'
        f"<td>{len(course.lessons)}</td></tr>"
        for course in COURSES.values()
    )
    head = '<tr><th scope="col">Course</th><th scope="col">Code</th><th scope="col">Hours</th><th scope="col">Lessons</th></tr>'
    return f"<table><caption>Courses</caption>{head}{rows}</table>"


def _students(db: sqlite3.Connection, students: list[Student]) -> str:
    if not students:
        return "<p>No students yet: they appear when Chairside makes their accounts.</p>"
    rows = "".join(_row(student, queries.enrollments_of(db, student.id)) for student in students)
    columns = ("Student", "Email", "Tenant", "Course", "Progress", "Hours", "Last accessed")
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    caption = "Students" if len(students) < SHOWN else f"The newest {SHOWN} students"
    return f"<table><caption>{caption}</caption><tr>{head}</tr>{rows}</table>"


def _row(student: Student, enrollments: list[Enrollment]) -> str:
    span = max(1, len(enrollments))
    who = f'<th scope="row" rowspan="{span}">{escape(student.name)}</th>' + "".join(
        f'<td rowspan="{span}">{escape(text)}</td>' for text in (student.email, student.tenant)
    )
    cells = [
        f"<td>{escape(e.course.title)}</td><td>{e.percent_hundredths / 100:g} %, {e.status.replace('_', ' ')}</td>"
        f"<td>{e.hundredths / 100:.2f}</td><td>{e.last_accessed_at or 'never'}</td>"
        for e in enrollments
    ] or ['<td colspan="4">not enrolled</td>']
    return "".join(f"<tr>{who if not number else ''}{cell}</tr>" for number, cell in enumerate(cells))
