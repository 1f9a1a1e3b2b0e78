"""Programs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from chassis.fields import Line, TimeZone
from pydantic import AfterValidator, BaseModel, Field

from onboarding.domain.programs import DEFAULT_COURSES
from onboarding.schemas.fields import Code, Hours, Minutes, filled


class CourseIn(BaseModel):
    """A theory course, by its code on Milady."""

    code: Code
    title: Line
    minutes: Annotated[Minutes, Field(gt=0)]


class SkillIn(BaseModel):
    """A practical service; without a quota it is logged and does not count towards the practical part."""

    code: Code
    title: Line
    quota: Annotated[int, Field(gt=0, le=100_000)] | None = None


def _each_code_once(items: Sequence[CourseIn | SkillIn]) -> Sequence[CourseIn | SkillIn]:
    codes = [item.code for item in items]
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise ValueError(f"name each code once; this one comes again: {twice[0]}")
    return items


def _default_courses() -> list[CourseIn]:
    return [CourseIn(**course.model_dump()) for course in DEFAULT_COURSES]


class Counting(BaseModel):
    """How hours count: what lies past a cap is kept, and counts once a coordinator accepts it."""

    daily_cap_minutes: Annotated[int, Field(ge=1, le=24 * 60)] | None = None
    weekly_cap_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] | None = None
    submitted_hours_count: bool = Field(default=True, description="Whether hours count for weeks and alerts before they are verified")
    reports_verified_only: bool = Field(default=True, description="Whether official reports count verified hours alone")


class ProgramIn(Counting):
    """A program as it is published. `partner_id` is for administrators: whose program it is."""

    partner_id: UUID | None = None
    name: Line
    time_zone: TimeZone = "America/New_York"
    theory_minutes: Minutes
    practical_minutes: Minutes
    required_minutes_per_week: Annotated[int, Field(ge=0, le=7 * 24 * 60)]
    inactivity_days_threshold: Annotated[int, Field(ge=1, le=365)] = 7
    courses: Annotated[list[CourseIn], Field(max_length=100), AfterValidator(_each_code_once)] = Field(default_factory=_default_courses)
    skills: Annotated[list[SkillIn], Field(max_length=200), AfterValidator(_each_code_once)] = []


class ProgramOut(Counting):
    """A program."""

    id: UUID
    partner_id: UUID
    name: str
    time_zone: str
    theory_minutes: int
    theory_hours: Hours
    practical_minutes: int
    practical_hours: Hours
    required_minutes_per_week: int
    required_hours_per_week: Hours
    inactivity_days_threshold: int
    courses: list[CourseIn]
    skills: list[SkillIn]
    published_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `queries.programs`."""
        hours = {"theory_hours": row.theory_minutes, "practical_hours": row.practical_minutes}
        return cls(**filled(cls, row, id=row.program_id), **hours, required_hours_per_week=row.required_minutes_per_week)
