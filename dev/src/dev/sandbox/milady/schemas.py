"""Milady's HTTP bodies: what it takes, and what it gives in either dialect.

The seed writes one field in two ways; an answer follows the dialect that is chosen at /control/dialect:
`a` has `completion_percentage`, `total_time_hours`, `last_accessed` and hours as numbers,
`b` has `progress`, `time_spent`, `last_accessed_at` and hours as text with two places.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, StringConstraints

from dev.sandbox.milady.courses import COURSES, Course, Lesson
from dev.sandbox.milady.domain import Enrollment, Student, TimeEntry, lessons_completed

Dialect = Literal["a", "b"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class StudentIn(BaseModel):
    """A student's profile; `external_id` is the client's own id of the person."""

    email: Email
    first_name: Name
    last_name: Name
    external_id: Id | None = None


class EnrollmentIn(BaseModel):
    """Who shall be in which course."""

    student_id: Id
    course_code: Id


class LaunchIn(BaseModel):
    """Whose course shall be opened."""

    student_id: Id
    enrollment_id: Id


def hours(dialect: Dialect, hundredths: int) -> float | str:
    """Write hours: a number with up to two places, or text with two."""
    return hundredths / 100 if dialect == "a" else f"{hundredths / 100:.2f}"


def student_out(student: Student, base_url: str, enrollments: Iterable[Enrollment] | None = None) -> dict[str, Any]:
    """Write a student, with a short form of the enrollments where they are given."""
    body: dict[str, Any] = {
        "student_id": student.id,
        "email": student.email,
        "first_name": student.first_name,
        "last_name": student.last_name,
        "external_id": student.external_id,
        "login_url": f"{base_url}milady/login",
        "created_at": student.created_at,
        "updated_at": student.updated_at,
    }
    if enrollments is not None:
        body["enrollments"] = [{"enrollment_id": e.id, "course_code": e.course_code, "status": e.status} for e in enrollments]
    return body


def enrollment_out(dialect: Dialect, enrollment: Enrollment) -> dict[str, Any]:
    """Write an enrollment with its progress."""
    percent, spent = enrollment.percent_hundredths / 100, hours(dialect, enrollment.hundredths)
    names = (
        ("completion_percentage", "total_time_hours", "last_accessed") if dialect == "a" else ("progress", "time_spent", "last_accessed_at")
    )
    return {
        "enrollment_id": enrollment.id,
        "student_id": enrollment.student_id,
        "course_code": enrollment.course_code,
        "course_title": enrollment.course.title,
        "course_hours": hours(dialect, enrollment.course.hundredths),
        "status": enrollment.status,
        **dict(zip(names, (percent, spent, enrollment.last_accessed_at), strict=True)),
        "enrolled_at": enrollment.enrolled_at,
        "completed_at": enrollment.completed_at,
    }


def progress_out(dialect: Dialect, enrollment: Enrollment, entries: Iterable[TimeEntry]) -> dict[str, Any]:
    """Write an enrollment with its lessons, time by lesson and assessments."""
    done = lessons_completed(enrollment.course, enrollment.percent_hundredths)
    return {
        **enrollment_out(dialect, enrollment),
        "lessons_total": len(enrollment.course.lessons),
        "lessons_completed": [{"lesson_id": lesson.id, "lesson_name": lesson.title} for lesson in done],
        "time_tracking": {"total_hours": hours(dialect, enrollment.hundredths), "by_lesson": by_lesson(dialect, enrollment, entries)},
        "assessments": [
            {"lesson_id": lesson.id, "lesson_name": lesson.title, "status": "passed" if lesson in done else "pending"}
            for lesson in enrollment.course.lessons
            if lesson.activity == "assessment"
        ],
    }


def by_lesson(dialect: Dialect, enrollment: Enrollment, entries: Iterable[TimeEntry]) -> list[dict[str, Any]]:
    """Write the time of each lesson that has any, in the course's order."""
    spent: dict[str, int] = {}
    for entry in entries:
        spent[entry.lesson_id] = spent.get(entry.lesson_id, 0) + entry.hundredths
    return [
        {"lesson_id": lesson.id, "lesson_name": lesson.title, "hours_spent": hours(dialect, spent[lesson.id])}
        for lesson in enrollment.course.lessons
        if lesson.id in spent
    ]


def by_date(dialect: Dialect, enrollment: Enrollment, entries: Iterable[TimeEntry]) -> list[dict[str, Any]]:
    """Write one row for each date, lesson and activity."""
    titles = {lesson.id: lesson.title for lesson in enrollment.course.lessons}
    return [
        {
            "date": entry.on_date,
            "hours_spent": hours(dialect, entry.hundredths),
            "lesson_id": entry.lesson_id,
            "lesson_name": titles[entry.lesson_id],
            "activity_type": entry.activity,
        }
        for entry in entries
    ]


def time_summary_out(dialect: Dialect, student: Student, times: Sequence[tuple[Enrollment, Sequence[TimeEntry]]]) -> dict[str, Any]:
    """Write a student's time over all courses and months."""
    months: dict[str, int] = {}
    for entry in (entry for _, entries in times for entry in entries):
        month = entry.on_date[:7]
        months[month] = months.get(month, 0) + entry.hundredths
    return {
        "student_id": student.id,
        "total_hours": hours(dialect, sum(months.values())),
        "by_course": [
            {"course_code": e.course_code, "course_title": e.course.title, "hours_spent": hours(dialect, e.hundredths)} for e, _ in times
        ],
        "by_month": [{"month": month, "hours_spent": hours(dialect, spent)} for month, spent in sorted(months.items())],
    }


def courses_out(dialect: Dialect) -> list[dict[str, Any]]:
    """Write all courses with their lessons."""

    def lesson_out(lesson: Lesson) -> dict[str, Any]:
        return {
            "lesson_id": lesson.id,
            "lesson_name": lesson.title,
            "activity_type": lesson.activity,
            "hours": hours(dialect, lesson.hundredths),
        }

    def course_out(course: Course) -> dict[str, Any]:
        return {
            "course_code": course.code,
            "course_title": course.title,
            "course_hours": hours(dialect, course.hundredths),
            "lessons": [lesson_out(lesson) for lesson in course.lessons],
        }

    return [course_out(course) for course in COURSES.values()]
