"""HTTP bodies of the read model's JSON side."""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, Self
from uuid import UUID

from contracts.alerts import AlertType, Explanation, Severity
from pydantic import BaseModel

from portal import domain


class Percent(BaseModel):
    """A percentage as it was computed (at most 28 digits; null where there is nothing to measure), and rounded once, half to even."""

    exact: Decimal | None
    rounded: int

    @classmethod
    def of(cls, percent: Fraction | None) -> Self:
        """From an unrounded one."""
        return cls(exact=domain.exact(percent), rounded=domain.shown(percent))


class CourseOut(BaseModel):
    """One theory course; instants are null while Milady has told nothing of it."""

    code: str
    title: str
    percent: Percent
    minutes_spent: int
    minutes_required: int
    last_accessed_at: datetime | None
    as_of: datetime | None


class SkillOut(BaseModel):
    """One practical service; only approved ones count, and none without a quota."""

    code: str
    title: str
    quota: int | None
    approved: int
    pending: int
    rejected: int
    percent: Percent


class ProgressOut(BaseModel):
    """How a student stands in one program: the active one, of several the latest. `enrollment_ids` names all there are."""

    student_id: UUID
    enrollment_id: UUID
    enrollment_ids: list[UUID]
    program_id: UUID
    program_name: str | None
    status: str
    courses: list[CourseOut]
    skills: list[SkillOut]
    theory: Percent
    practical: Percent
    overall: Percent

    @classmethod
    def of(cls, standing: Any, enrollment_ids: list[UUID]) -> Self:
        """From `queries.standings`."""
        progress = standing.progress
        courses = [CourseOut(**{**vars(course), "percent": Percent.of(Fraction(course.percent))}) for course in standing.courses]
        skills = [SkillOut(**vars(skill), percent=Percent.of(skill.percent)) for skill in standing.skills]
        told = {name: getattr(standing, name) for name in ("student_id", "enrollment_id", "program_id", "program_name", "status")}
        percents = {name: Percent.of(getattr(progress, name)) for name in ("theory", "practical", "overall")}
        return cls(**told, enrollment_ids=enrollment_ids, courses=courses, skills=skills, **percents)


class AlertOut(BaseModel):
    """An alert as it was last heard of."""

    id: UUID
    revision: int
    enrollment_id: UUID
    student_id: UUID
    program_id: UUID
    alert_type: AlertType
    severity: Severity
    week_start: date
    status: Literal["open", "resolved"]
    message: str
    explanation: Explanation
    raised_at: datetime
    resolved_at: datetime | None
    resolution: str | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a query's row."""
        return cls.model_validate(dict(row._mapping) | {"id": row.alert_id})


class AuditOut(BaseModel):
    """A sealed audit entry of any service; `hash` is the head of that service's chain at `position`."""

    service: str
    position: int
    hash: str
    actor: str
    actor_kind: str
    actor_name: str | None
    action: str
    object_type: str
    object_id: str
    at: datetime
    trace_id: str | None
    student_id: UUID | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a query's row."""
        return cls.model_validate(dict(row._mapping))
