"""A week of a cohort or a program."""

from datetime import date, timedelta
from typing import Self

from pydantic import BaseModel, Field

from compliance.domain.rates import Rate


class RateOut(BaseModel):
    """How many met the week, of those whom one may see. Percents are rounded half to even; null where there is nothing to take them of."""

    week_start: date
    week_end: date
    enrollments: int
    met: int
    missed: int
    excused: int = Field(description="Nothing was asked of them")
    open: int = Field(description="Their week runs still")
    met_percent: int | None = Field(description="Of those whose week is decided, excused ones left out")
    attendance_percent: int | None = Field(
        description="The mean of class days with hours of all class days up to today; of the self-paced, of what of the target is logged"
    )

    @classmethod
    def of(cls, rate: Rate) -> Self:
        """From a query's result."""
        counts = {name: getattr(rate, name) for name in ("enrollments", "met", "missed", "excused", "open")}
        percents = {"met_percent": rate.met_percent, "attendance_percent": rate.attendance_percent}
        return cls(week_start=rate.week_start, week_end=rate.week_start + timedelta(days=6), **counts, **percents)
