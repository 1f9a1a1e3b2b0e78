"""Statements of hours. `counted` is what counts for weeks and alerts, `official` what counts in official reports."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from contracts.hours import Category
from pydantic import BaseModel, Field

from compliance.domain.hours import Flag
from compliance.domain.statements import Line, Statement, Sum, Sums
from compliance.domain.weeks import WEEK, hours_text
from compliance.schemas.fields import Hours


class SumOut(BaseModel):
    """Minutes with their hours."""

    counted_minutes: int
    counted_hours: Hours
    official_minutes: int
    official_hours: Hours

    @classmethod
    def of(cls, sum_: Sum) -> Self:
        """From the domain."""
        counted, official = sum_.counted_minutes, sum_.official_minutes
        return cls(
            counted_minutes=counted, counted_hours=hours_text(counted), official_minutes=official, official_hours=hours_text(official)
        )


class SumsOut(SumOut):
    """The same, and of each category."""

    by_category: dict[Category, SumOut]

    @classmethod
    def told(cls, sums: Sums) -> dict[str, object]:
        """The fields, from the domain."""
        parts = {Category(name): SumOut.of(part) for name, part in sums.by_category.items()}
        return {**SumOut.of(sums.all).model_dump(), "by_category": parts}


class WeekSumsOut(SumsOut):
    """A week with entries."""

    week_start: date
    week_end: date


class LineOut(BaseModel):
    """An entry as it was known then."""

    log_id: UUID
    revision: int
    revisions: int = Field(description="How many there were")
    work_date: date
    minutes: int
    hours: Hours
    category: Category | None
    source: str
    status: str
    counted_minutes: int
    official_minutes: int
    flags: list[Flag]
    recorded_at: datetime

    @classmethod
    def of(cls, line: Line) -> Self:
        """From the domain."""
        told = {name: getattr(line, name) for name in cls.model_fields if hasattr(line, name)}
        return cls(**told, hours=hours_text(line.minutes))


class StatementOut(BaseModel):
    """A student's hours as they were believed at `as_of`; the program's rules and the enrollment's days are those of now."""

    enrollment_id: UUID
    student_id: UUID
    program_id: UUID
    program_name: str
    time_zone: str
    started_on: date
    ended_on: date | None
    status: str
    as_of: datetime
    detached_years: list[int] = Field(description="ISO years of the enrollment whose hours are detached, and so neither told nor added up")
    total: SumsOut
    weeks: list[WeekSumsOut]
    entries: list[LineOut]

    @classmethod
    def of(cls, statement: Statement) -> Self:
        """From the domain."""
        place = {name: getattr(statement.place, name) for name in cls.model_fields if hasattr(statement.place, name)}
        weeks = [
            WeekSumsOut(**SumsOut.told(sums), week_start=start, week_end=start + WEEK - WEEK / 7) for start, sums in statement.weeks.items()
        ]
        entries = [LineOut.of(line) for line in statement.lines]
        sums = {"total": SumsOut(**SumsOut.told(statement.total)), "weeks": weeks, "entries": entries}
        return cls(**place, as_of=statement.as_of, detached_years=list(statement.detached_years), **sums)
