"""`compliance`'s alerts: what was seen, by which rule, on which numbers (SPEC 3.3)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from contracts.event import Event, Value
from contracts.fields import Days, EnrollmentId, Instant, Minutes, ProgramId, Revision, StudentId
from contracts.hours import Source


class AlertType(StrEnum):
    """The checks of SPEC 3.3."""

    MIDWEEK_PROGRESS = "midweek_progress"
    WEEKLY_HOURS_CHECK = "weekly_hours_check"
    INACTIVITY_CHECK = "inactivity_check"


class Severity(StrEnum):
    """From least to most; it can rise, never fall."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class CountedEntry(Value):
    """A ledger row that the check counted."""

    log_id: UUID = Field(description="The ledger entry")
    revision: Revision
    work_date: date = Field(description="In the program's time zone")
    minutes: Minutes
    source: Source


class Explanation(Value):
    """Why the alert stands: the rule in words, its numbers, the rows it counted, and how fresh Milady's data was."""

    rule: str = Field(description="The rule of SPEC 3.3 that was broken, in words")
    required_minutes: Minutes = Field(description="What the enrollment requires of a whole week")
    target_minutes: Minutes = Field(description="What this week asks for: the requirement, less the days that do not count")
    logged_minutes: Minutes = Field(description="What counted in this week so far")
    idle_days: Days = Field(description="Days without activity, days of approved leave left out")
    last_activity_on: date | None = Field(description="Day of the last counted hours; empty if there never were any")
    checked_on: date = Field(description="Day of the check, in the program's time zone")
    data_as_of: Instant | None = Field(description="Up to when Milady's data was known; empty if the student needs none")
    counted: tuple[CountedEntry, ...] = Field(description="The ledger rows that the check counted")


class Alert(Value):
    """An alert's state, the same in every event that speaks of one. The week starts on Monday, in the program's zone."""

    alert_id: UUID = Field(description="The alert; `revision` is its version")
    enrollment_id: EnrollmentId
    student_id: StudentId
    program_id: ProgramId
    alert_type: AlertType
    severity: Severity
    week_start: date = Field(description="Monday of the week, in the program's time zone")
    message: str = Field(description="What the student is told")
    explanation: Explanation
    raised_at: Instant = Field(description="When it was first raised")
    escalated_at: Instant | None = Field(default=None, description="When it went to the program holder and administrators, if it did")


class AlertRaised(
    Event,
    Alert,
    topic="alert.raised",
    version=1,
    key="enrollment_id",
    producers=("compliance",),
    consumers=("portal",),
    partitions=6,
):
    """An alert was raised, rose in severity, or was reopened."""


class AlertResolved(
    Event,
    Alert,
    topic="alert.resolved",
    version=1,
    key="enrollment_id",
    producers=("compliance",),
    consumers=("portal",),
    partitions=6,
):
    """An alert was resolved, by the hours that reach the target, by a later check, or by hand."""

    resolved_at: Instant = Field(description="When it was resolved")
    resolution: str = Field(description="Why it was resolved, in words")
    resolved_by: UUID | None = Field(default=None, description="Who resolved it by hand; empty when hours or a later check did")
