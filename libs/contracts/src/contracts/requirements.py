"""What `compliance` asks of enrollments, and how their weeks ended (SPEC 3.3)."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, PositiveInt

from contracts.event import Event
from contracts.fields import Count, EnrollmentId, Instant, Minutes, ProgramId, StudentId

IsoWeekday = Annotated[int, Field(ge=1, le=7)]


class RequirementChanged(
    Event,
    topic="requirement.changed",
    version=1,
    key="enrollment_id",
    producers=("compliance",),
    consumers=("portal", "messaging"),
    partitions=6,
):
    """From a week on something else is asked of the enrollment; in the weeks before that what was asked stays."""

    enrollment_id: EnrollmentId
    student_id: StudentId
    program_id: ProgramId
    effective_from: date = Field(description="Monday of the first week that it holds for, in the program's time zone")
    required_minutes_per_week: Minutes = Field(description="What a whole week asks for")
    inactivity_days_threshold: PositiveInt = Field(description="Idle days at which the inactivity check raises an alert")
    is_self_paced: bool = Field(description="Whether attendance is measured by minutes; else by class days")
    class_days: tuple[IsoWeekday, ...] = Field(description="ISO weekdays of class, 1 for Monday; they matter for attendance alone")
    changed_by: UUID | None = Field(default=None, description="Who changed it")


class WeekClosed(
    Event,
    topic="week.closed",
    version=1,
    key="enrollment_id",
    producers=("compliance",),
    consumers=("portal",),
    partitions=6,
):
    """A week of an enrollment came to its end, or hours that came later restated it: a newer `revision` of the same week."""

    enrollment_id: EnrollmentId
    student_id: StudentId
    program_id: ProgramId
    week_start: date = Field(description="Monday of the week, in the program's time zone; with the enrollment it names the week")
    result: Literal["met", "missed", "excused"] = Field(description="Whether the target was reached; excused: nothing was asked")
    logged_minutes: Minutes = Field(description="What counted")
    target_minutes: Minutes = Field(description="What the week asked for")
    required_minutes: Minutes = Field(description="What a whole week asked for then")
    met_in_a_row: Count = Field(description="Weeks met in a row up to this one, excused ones passed over")
    missed_in_a_row: Count = Field(description="Weeks missed in a row up to this one, excused ones passed over")
    closed_at: Instant = Field(description="When it was closed first")
