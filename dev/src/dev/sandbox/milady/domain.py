"""What Milady decides, over plain values: progress, states, lessons. Percents and hours are whole hundredths."""

from collections.abc import Sequence
from dataclasses import dataclass

from dev.sandbox.errors import Refused
from dev.sandbox.milady.courses import COURSES, Activity, Course, Lesson

DONE = 100_00
LAUNCH_SECONDS = 300


@dataclass(frozen=True)
class Student:
    """An account at Milady."""

    id: str
    tenant: str
    email: str
    first_name: str
    last_name: str
    external_id: str | None
    created_at: str
    updated_at: str

    @property
    def name(self) -> str:
        """The name as a certificate shows it."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True)
class Enrollment:
    """A student in a course; `hundredths` is the sum of its time entries."""

    id: str
    student_id: str
    course_code: str
    percent_hundredths: int
    enrolled_at: str
    last_accessed_at: str | None
    completed_at: str | None
    certificate_id: str | None
    hundredths: int

    @property
    def course(self) -> Course:
        """The course that it is in."""
        return COURSES[self.course_code]

    @property
    def status(self) -> str:
        """`not_started`, `in_progress` or `completed`."""
        if self.completed_at:
            return "completed"
        return "in_progress" if self.percent_hundredths or self.hundredths or self.last_accessed_at else "not_started"


@dataclass(frozen=True)
class TimeEntry:
    """Time in one activity of one lesson on one date."""

    id: str
    enrollment_id: str
    on_date: str
    lesson_id: str
    activity: Activity
    hundredths: int


def find_course(code: str) -> Course:
    """Give the course of that code. Raises Refused (404)."""
    if code not in COURSES:
        raise Refused(404, "course_not_found", "There is no such course; take a code from the list of courses.")
    return COURSES[code]


def percent_after_study(enrollment: Enrollment, wanted: int | None) -> int:
    """Give the percent after study: the one that is wanted, or else the share of the course's hours that was spent; that never falls.

    `enrollment` holds the new time already. Raises Refused (409) for less than all of a course that is completed.
    """
    if wanted is None:
        share = enrollment.hundredths * DONE // enrollment.course.hundredths
        return max(enrollment.percent_hundredths, min(DONE, share))
    if enrollment.completed_at and wanted < DONE:
        raise Refused(409, "course_completed", "The course is completed; its progress stays at 100.")
    return wanted


def lessons_completed(course: Course, percent_hundredths: int) -> Sequence[Lesson]:
    """Give the lessons, in their order, whose end lies within that percent of the course."""
    done, end = [], 0
    for lesson in course.lessons:
        end += lesson.hundredths
        if end * DONE <= percent_hundredths * course.hundredths:
            done.append(lesson)
    return done


def lesson_to_study(course: Course, percent_hundredths: int, activity: Activity, lesson_id: str | None) -> Lesson:
    """Give the lesson named, or else the first of that activity that is not completed, or the last one. Raises Refused (404)."""
    if lesson_id is not None:
        for lesson in course.lessons:
            if lesson.id == lesson_id:
                return lesson
        raise Refused(404, "lesson_not_found", "The course has no such lesson; take an id from the list of courses.")
    fitting = [lesson for lesson in course.lessons if lesson.activity == activity]
    done = lessons_completed(course, percent_hundredths)
    return next((lesson for lesson in fitting if lesson not in done), fitting[-1])
