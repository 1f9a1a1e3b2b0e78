"""What milady-sync's API takes and gives. Instants in UTC, dates in the program's zone, durations in minutes beside decimal hours."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from milady_sync.client import Launch


class SyncIn(BaseModel):
    """What to sync: `id` names the program or the enrollment."""

    model_config = ConfigDict(extra="forbid")

    scope: Literal["all", "program", "enrollment"]
    id: UUID | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.scope == "all") == (self.id is not None):
            raise ValueError("name the program or enrollment in `id`, and leave `id` out for scope `all`")
        return self


class SyncFailure(BaseModel):
    """An enrollment that could not be read, and why; it keeps its older data."""

    enrollment_id: UUID
    reason: str | None


class SyncOut(BaseModel):
    """A sync run. `done` of `total` enrollments have ended, `failed` of them without an answer that could be read."""

    id: UUID
    scope: Literal["all", "program", "enrollment"]
    scope_id: UUID | None
    state: Literal["running", "finished"]
    done: int
    failed: int
    total: int
    as_of: datetime = Field(description="What Milady knew then is known here once the run is finished")
    entries_changed: int
    finished_at: datetime | None
    failures: list[SyncFailure] = []

    @classmethod
    def of(cls, run: Any, failures: Sequence[Any] = ()) -> Self:
        """From a row of `sync`, with its failed items."""
        listed = [SyncFailure(enrollment_id=row.enrollment_id, reason=row.reason) for row in failures]
        return cls.model_validate({**run._mapping, "id": run.sync_id, "scope": run.scope_kind, "failures": listed})


class ProvisioningOut(BaseModel):
    """How far a student's account on Milady is. `pending` waits for the person or the program to be known."""

    model_config = ConfigDict(from_attributes=True)

    enrollment_id: UUID
    student_id: UUID
    state: Literal["pending", "requested", "provisioned", "failed", "cancelled"]
    attempts: int
    reason: str | None
    next_attempt_at: datetime | None
    milady_student_id: str | None
    provisioned_at: datetime | None


class CourseOut(BaseModel):
    """A course as Milady told of it at `as_of`, null before the first sync; `percent` unrounded."""

    code: str
    title: str
    percent: Decimal
    minutes_spent: int
    minutes_required: int
    last_accessed_at: datetime | None
    as_of: datetime | None


class ProgressOut(BaseModel):
    """All courses of an enrollment; none while the account is being set up."""

    enrollment_id: UUID
    courses: list[CourseOut]

    @classmethod
    def of(cls, enrollment_id: UUID, rows: Sequence[Any]) -> Self:
        """From rows of `milady_course`."""
        courses = [CourseOut.model_validate({**row._mapping, "code": row.course_code}) for row in rows]
        return cls(enrollment_id=enrollment_id, courses=courses)


class TimeOut(BaseModel):
    """Time that Milady counted on one date in one activity of one lesson."""

    log_id: UUID
    date: date
    course_code: str
    lesson_id: str
    lesson_name: str
    activity_type: str
    minutes: int
    hours: str
    last_synced_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `milady_time_tracking`."""
        return cls.model_validate({**row._mapping, "hours": f"{row.hours_spent:.2f}"})


class LaunchIn(BaseModel):
    """Which course to open."""

    model_config = ConfigDict(extra="forbid")

    enrollment_id: UUID
    course_code: str = Field(min_length=1, max_length=200)


class LaunchOut(BaseModel):
    """An address that opens the course once, until it expires."""

    url: str
    expires_at: datetime | None

    @classmethod
    def of(cls, launch: Launch) -> Self:
        """From what Milady gave."""
        return cls(url=launch.url, expires_at=launch.expires_at)
