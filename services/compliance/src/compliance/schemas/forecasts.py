"""What lies ahead of an enrollment."""

from datetime import date, timedelta
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from compliance.domain.forecasts import Forecast
from compliance.domain.weeks import hours_text
from compliance.schemas.fields import Hours

AMOUNTS = ("required", "target", "logged", "missing", "done")
PERHAPS = {"minutes_a_day": "hours_a_day", "total": "total_hours", "remaining": "remaining_hours", "pace": "pace_hours_per_week"}


class ForecastOut(BaseModel):
    """This week's rest and the program's. Minutes are whole; dates are in the program's time zone."""

    enrollment_id: UUID
    student_id: UUID
    program_id: UUID
    today: date
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
    days_left: int = Field(description="Days from today to Sunday that count: neither on leave nor after the enrollment's end")
    minutes_a_day: int | None = Field(description="What each of them still has to bring, rounded up; null where none is left")
    hours_a_day: Hours | None
    reachable: bool = Field(
        description="Whether the target can be reached: 24 hours a day over all enrollments, and no more than the program's caps"
    )
    done_minutes: int = Field(description="What counts of the enrollment up to now")
    done_hours: Hours
    total_minutes: int | None = Field(description="What the whole program takes; null while that is not known")
    total_hours: Hours | None
    remaining_minutes: int | None
    remaining_hours: Hours | None
    pace_minutes_per_week: int | None = Field(
        description="Of the last four weeks that are over, by their counted days; in a first week: up to today"
    )
    pace_hours_per_week: Hours | None
    projected_completion_on: date | None = Field(description="When the rest is done at that pace; null without hours, or beyond 50 years")

    @classmethod
    def of(cls, enrollment_id: UUID, place: Any, told: Forecast) -> Self:
        """From the enrollment and its forecast."""
        minutes = {f"{name}_minutes": getattr(told, name) for name in (*AMOUNTS, "total", "remaining")}
        hours = {f"{name}_hours": hours_text(getattr(told, name)) for name in AMOUNTS}
        perhaps = {shown: None if (value := getattr(told, name)) is None else hours_text(value) for name, shown in PERHAPS.items()}
        return cls.model_validate(
            minutes | hours | perhaps | {
                "enrollment_id": enrollment_id, "student_id": place.student_id, "program_id": place.program_id, "today": told.today,
                "week_start": told.week_start, "week_end": told.week_start + timedelta(days=6), "days_left": told.days_left,
                "minutes_a_day": told.minutes_a_day, "reachable": told.reachable, "pace_minutes_per_week": told.pace,
                "projected_completion_on": told.projected_on,
            }
        )  # fmt: skip
