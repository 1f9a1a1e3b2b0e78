"""A line of the weekly dashboard."""

from datetime import date, timedelta
from typing import Any, Self
from uuid import UUID

from contracts.alerts import Severity
from pydantic import BaseModel, Field

from compliance.domain.alerts import SEVERITIES
from compliance.domain.dashboard import Standing
from compliance.domain.weeks import hours_text
from compliance.schemas.fields import Hours

AMOUNTS = ("required", "target", "logged", "missing")


class DashboardOut(BaseModel):
    """How a student's week stands. Minutes are whole; `target` is `required` less the days on which nothing is asked."""

    student_id: UUID
    name: str | None = Field(description="Empty while identity has not told of the person, and of an erased one")
    email: str | None
    enrollment_id: UUID
    program_id: UUID
    program_name: str
    cohort_id: UUID | None
    week_start: date
    week_end: date
    required_minutes: int
    required_hours: Hours
    target_minutes: int
    target_hours: Hours
    logged_minutes: int
    logged_hours: Hours
    missing_minutes: int
    missing_hours: Hours
    status: Standing
    severity: Severity | None = Field(
        description="The highest of the week's open alerts, and of a silence that goes on; null where there is none"
    )
    last_activity_on: date | None
    days_since_activity: int | None = Field(description="Up to today, or to the end of a week that is over")

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a query's row."""
        named = ("student_id", "enrollment_id", "program_id", "program_name", "cohort_id", "week_start")
        amounts = {f"{name}_minutes": getattr(row, name) for name in AMOUNTS}
        hours = {f"{name}_hours": hours_text(getattr(row, name)) for name in AMOUNTS}
        return cls.model_validate(
            {name: getattr(row, name) for name in named} | amounts | hours | {
                "name": row.name or None, "email": row.email or None, "week_end": row.week_start + timedelta(days=6),
                "status": row.standing, "severity": SEVERITIES[row.rank - 1] if row.rank else None,
                "last_activity_on": row.active_on, "days_since_activity": row.days_since,
            }
        )  # fmt: skip
