"""Weeks of an enrollment."""

from datetime import date
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from compliance.domain.weeks import hours_text
from compliance.schemas.fields import Hours


class WeekOut(BaseModel):
    """A week's total against its target. `open` runs still; `excused` asks for nothing."""

    week_start: date
    required_minutes: int
    required_hours: Hours
    target_minutes: int
    target_hours: Hours
    logged_minutes: int
    logged_hours: Hours
    counted_days: int = Field(description="Days of it on which something is asked")
    status: Literal["met", "missed", "open", "excused"]
    result: Literal["met", "missed", "excused"] | None = Field(description="Fixed at the week's close; null before")
    met_in_a_row: int | None = Field(description="Weeks met in a row up to this one, excused ones passed over; null before its close")
    missed_in_a_row: int | None = Field(description="Weeks missed in a row up to this one")

    @classmethod
    def of(cls, week: Any) -> Self:
        """From a query's row."""
        kinds = ("required", "target", "logged")
        told = {f"{kind}_hours": hours_text(getattr(week, f"{kind}_minutes")) for kind in kinds}
        minutes = {f"{kind}_minutes": getattr(week, f"{kind}_minutes") for kind in kinds}
        rest = {name: getattr(week, name) for name in ("week_start", "counted_days", "status", "result", "met_in_a_row", "missed_in_a_row")}
        return cls(**rest, **minutes, **told)
