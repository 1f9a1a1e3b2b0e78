"""Enrollments."""

from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from chassis.fields import Line
from pydantic import BaseModel, Field

from onboarding.schemas.fields import filled


class EnrollmentIn(BaseModel):
    """Who begins what, and when."""

    program_id: UUID
    student_id: UUID
    started_on: date = Field(description="First day, in the program's time zone")
    cohort_id: UUID | None = None


class WithdrawalIn(BaseModel):
    """When and why it ends."""

    ended_on: date = Field(description="Last day, in the program's time zone")
    reason: Line


class EnrollmentOut(BaseModel):
    """A student's place in a program."""

    id: UUID
    student_id: UUID
    program_id: UUID
    cohort_id: UUID | None
    started_on: date
    ended_on: date | None
    status: Literal["active", "withdrawn", "completed"]
    withdrawal_reason: str | None
    created_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `queries.enrollments`."""
        return cls(**filled(cls, row, id=row.enrollment_id))
