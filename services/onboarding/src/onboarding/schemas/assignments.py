"""Assignments."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from onboarding.schemas.fields import filled
from onboarding.schemas.partners import PartnerRole


class AssignmentIn(BaseModel):
    """Which partner is to see which student, and as what."""

    student_id: UUID
    partner_id: UUID
    role: PartnerRole
    program_id: UUID | None = Field(default=None, description="The program that it is limited to; empty: all")


class AssignmentOut(BaseModel):
    """A student and a partner who sees the student's records while `active`."""

    id: UUID
    student_id: UUID
    partner_id: UUID
    role: PartnerRole
    program_id: UUID | None
    active: bool
    assigned_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `queries.assignments`."""
        return cls(**filled(cls, row, id=row.assignment_id))
