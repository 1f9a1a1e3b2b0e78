"""`compliance`'s alerts: what was seen, by which rule, on which numbers (SPEC 3.3)."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from contracts.event import Event, Minutes, Value
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

    log_id: UUID
    revision: int
    work_date: date
    minutes: Minutes
    source: Source


class Explanation(Value):
    """Why the alert stands: the rule in words, its numbers, the rows it counted, and how fresh Milady's data was."""

    rule: str
    required_minutes: Minutes
    target_minutes: Minutes
    logged_minutes: Minutes
    idle_days: int
    last_activity_on: date | None
    checked_on: date
    data_as_of: datetime | None
    counted: tuple[CountedEntry, ...]


class Alert(Value):
    """An alert's state, the same in every event that speaks of one. The week starts on Monday, in the program's zone."""

    alert_id: UUID
    enrollment_id: UUID
    student_id: UUID
    program_id: UUID
    alert_type: AlertType
    severity: Severity
    week_start: date
    message: str
    explanation: Explanation
    raised_at: datetime


class AlertRaised(
    Event,
    Alert,
    topic="alert.raised",
    version=1,
    key="enrollment_id",
    producers=("compliance",),
    consumers=("messaging", "portal"),
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
    consumers=("messaging", "portal"),
    partitions=6,
):
    """An alert was resolved, by the hours that reach the target, by a later check, or by hand."""

    resolved_at: datetime
    resolution: str
    resolved_by: UUID | None = None
