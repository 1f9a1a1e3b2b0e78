"""Requirements and leave: what is asked, and what holds."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from compliance.domain.leaves import Leave
from compliance.domain.requirements import Requirement
from compliance.domain.weeks import hours_text
from compliance.schemas.fields import Hours, Text

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
Weekday = Annotated[int, Field(ge=1, le=7)]
ClassDays = Annotated[list[Weekday], AfterValidator(lambda days: sorted(set(days))), Field(min_length=1, description="ISO weekdays")]
VALUES = ("required_minutes_per_week", "inactivity_days_threshold", "is_self_paced", "class_days")


class RequirementIn(BaseModel):
    """What is asked from a week on; what is not named stays as it is."""

    required_minutes_per_week: Annotated[int, Field(ge=0, le=7 * 24 * 60)] | None = None
    inactivity_days_threshold: Annotated[int, Field(ge=1, le=365)] | None = None
    is_self_paced: bool | None = Field(default=None, description="Attendance by minutes of the target; false: by class days")
    class_days: ClassDays | None = None
    effective_from: Day | None = Field(default=None, description="A Monday, the present week's or later; empty: the present week's")

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.changes():
            raise ValueError(f"name at least one of {', '.join(VALUES)}")
        return self

    def changes(self) -> dict[str, Any]:
        """What was named."""
        return {name: value for name in VALUES if (value := getattr(self, name)) is not None}


class BulkRequirementIn(RequirementIn):
    """The same for every enrollment that goes on in a program, or in a cohort."""

    program_id: UUID | None = None
    cohort_id: UUID | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.program_id is None) == (self.cohort_id is None):
            raise ValueError("name either program_id or cohort_id")
        return self


class BulkRequirementOut(BaseModel):
    """What a change for many did."""

    enrollments: int = Field(description="How many go on there")
    changed: int = Field(description="Of how many something else is asked now")
    effective_from: date


class RequirementRevision(BaseModel):
    """What is, was or will be asked."""

    revision: int
    effective_from: date
    effective_until: date | None = Field(description="Monday of the first week that it no longer holds for; empty: from then on")
    required_minutes_per_week: int
    required_hours_per_week: Hours
    inactivity_days_threshold: int
    is_self_paced: bool
    class_days: list[int]
    set_by: UUID | None = Field(description="Empty: the program's values at the enrollment")
    set_at: datetime

    @classmethod
    def of(cls, requirement: Requirement) -> Self:
        """From the domain."""
        told: dict[str, Any] = {name: getattr(requirement, name) for name in Requirement.__slots__}
        return cls(**told, required_hours_per_week=hours_text(requirement.required_minutes_per_week))


class RequirementOut(BaseModel):
    """What is asked of an enrollment this week, and every revision, latest set first."""

    enrollment_id: UUID
    current: RequirementRevision
    history: list[RequirementRevision]

    @classmethod
    def of(cls, history: list[Requirement], week: date) -> Self:
        """From the domain; before the enrollment's first week the first one is shown."""
        holds = [each for each in history if each.effective_from <= week and (each.effective_until or date.max) > week]
        shown = [RequirementRevision.of(each) for each in history]
        return cls(enrollment_id=history[0].enrollment_id, current=RequirementRevision.of((holds or history[-1:])[0]), history=shown)


class LeaveIn(BaseModel):
    """Leave to approve; both days are included."""

    enrollment_id: UUID
    first_on: Day
    last_on: Day | None = Field(default=None, description="Empty: open until it is ended")
    notes: Annotated[Text, Field(max_length=500)] | None = None


class LeaveEndIn(BaseModel):
    """Another last day."""

    last_on: Day


class LeaveOut(BaseModel):
    """Leave; its days ask for nothing while it is approved."""

    id: UUID
    revision: int
    enrollment_id: UUID
    student_id: UUID
    first_on: date
    last_on: date | None
    status: Literal["approved", "cancelled"]
    notes: str | None
    approved_by: UUID
    approved_at: datetime

    @classmethod
    def of(cls, leave: Leave) -> Self:
        """From the domain."""
        told = {name: getattr(leave, name) for name in Leave.__slots__ if name != "leave_id"}
        return cls(id=leave.leave_id, **told)
