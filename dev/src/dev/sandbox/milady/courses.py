"""The courses that the sandbox teaches: the seed's two RISE courses. Hours are whole hundredths of an hour everywhere in here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Activity = Literal["video", "reading", "assessment"]


@dataclass(frozen=True)
class Lesson:
    """One lesson; its hours say how much of the course it makes up."""

    id: str
    title: str
    activity: Activity
    hundredths: int


@dataclass(frozen=True)
class Course:
    """One course; every one has at least a lesson of each activity."""

    code: str
    title: str
    lessons: Sequence[Lesson]

    @property
    def hundredths(self) -> int:
        """The length of the whole course."""
        return sum(lesson.hundredths for lesson in self.lessons)


COURSES = {
    course.code: course
    for course in (
        Course(
            "rise-wellbeing-safety",
            "Client Well-Being & Safety",
            (
                Lesson("ws-1", "Seeing the whole client", "video", 75),
                Lesson("ws-2", "Signs of abuse and how to speak of help", "reading", 50),
                Lesson("ws-3", "Infection control at the chair", "video", 100),
                Lesson("ws-4", "Skin and scalp: when to refer", "reading", 75),
                Lesson("ws-5", "Final assessment", "assessment", 50),
            ),
        ),
        Course(
            "rise-finance-fundamentals",
            "Finance Fundamentals",
            (
                Lesson("ff-1", "Budget of a first year", "video", 100),
                Lesson("ff-2", "Booth rent or commission", "reading", 75),
                Lesson("ff-3", "Taxes of the self-employed", "video", 100),
                Lesson("ff-4", "Credit, savings and insurance", "reading", 75),
                Lesson("ff-5", "Final assessment", "assessment", 50),
            ),
        ),
    )
}
