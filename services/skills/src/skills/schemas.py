"""What skills' API takes and gives. Instants in UTC, percents as exact decimal strings."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from skills import domain

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Pseudonym = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40),
    Field(description="The client, never by full name", examples=["C-104"]),
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Rating = Annotated[int, Field(ge=1, le=5)]
Duration = Annotated[int, Field(ge=1, le=600)]
Status = Literal["draft", "pending", "approved", "rejected"]


class Body(BaseModel):
    """A request's body: what is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class EntryIn(Body):
    """A practical service as the student tells of it."""

    enrollment_id: UUID
    skill_code: Words
    service_name: Words
    performed_at: AwareDatetime
    duration_minutes: Duration
    client_identifier: Pseudonym
    self_rating: Rating
    description: Text | None = None


class EntryChanges(Body):
    """What to correct; what is left out or null stays, but for a `description` of null, which removes it."""

    skill_code: Words | None = None
    service_name: Words | None = None
    performed_at: AwareDatetime | None = None
    duration_minutes: Duration | None = None
    client_identifier: Pseudonym | None = None
    self_rating: Rating | None = None
    description: Text | None = None

    @property
    def changes(self) -> dict[str, Any]:
        """The new values by field."""
        return self.model_dump(exclude_none=True) | self.model_dump(include={"description"}, exclude_unset=True)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name at least one field to change")
        return self


class ApprovalIn(Body):
    """The supervisor's mark, if any."""

    supervisor_rating: Rating | None = None


class RejectionIn(Body):
    """What the student should do better."""

    feedback: Text


class ApprovalsIn(Body):
    """Which pending entries to approve: all that one may decide, or fewer."""

    enrollment_id: UUID | None = None
    program_id: UUID | None = None
    skill_code: Words | None = None


class EntryOut(BaseModel):
    """A practical service and what became of it. `photos` names the kinds that there are."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(validation_alias="entry_id")
    enrollment_id: UUID
    student_id: UUID
    program_id: UUID
    skill_code: str
    service_name: str
    performed_at: datetime
    duration_minutes: int
    client_identifier: str
    self_rating: int
    description: str | None
    photos: list[Literal["before", "after"]]
    status: Status
    submitted_at: datetime | None
    decided_by: UUID | None
    decided_at: datetime | None
    supervisor_rating: int | None
    feedback: str | None
    revision: int
    created_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `entry`."""
        photos = [kind for kind in ("before", "after") if getattr(row, f"{kind}_photo")]
        return cls.model_validate({**row._mapping, "photos": photos})


class Skipped(BaseModel):
    """An entry that was not approved: `no-after-photo` (review it by itself) or `own-entry`."""

    id: UUID
    reason: Literal["no-after-photo", "own-entry"]


class ApprovalsOut(BaseModel):
    """What approving all did."""

    approved: list[UUID]
    skipped: list[Skipped]

    @classmethod
    def of(cls, approved: list[UUID], skipped: dict[UUID, str]) -> Self:
        """From what the command gave."""
        return cls.model_validate({"approved": approved, "skipped": [{"id": id, "reason": why} for id, why in skipped.items()]})


class SkillOut(BaseModel):
    """A skill of the catalogue; `approved` when an enrollment was named."""

    code: str
    title: str
    quota: int | None
    approved: int | None = None


class CatalogueOut(BaseModel):
    """A program's skills in its order."""

    program_id: UUID
    skills: list[SkillOut]

    @classmethod
    def of(cls, program_id: UUID, skills: Iterable[domain.Skill], approved: Mapping[str, int] | None = None) -> Self:
        """With the counts of one enrollment, if they are given."""
        shown = [SkillOut(**asdict(each), approved=None if approved is None else approved.get(each.code, 0)) for each in skills]
        return cls(program_id=program_id, skills=shown)


class CompetenceOut(SkillOut):
    """How far the student is in a skill; `percent` is null without a quota."""

    approved: int
    percent: Decimal | None


class CompetencyOut(BaseModel):
    """How far the student is; `practical_percent` is null when no skill has a quota."""

    enrollment_id: UUID
    skills: list[CompetenceOut]
    practical_percent: Decimal | None

    @classmethod
    def of(cls, enrollment_id: UUID, found: list[domain.Competence]) -> Self:
        """From the domain's numbers."""
        skills = [CompetenceOut(**asdict(each.skill), approved=each.approved, percent=each.percent) for each in found]
        return cls(enrollment_id=enrollment_id, skills=skills, practical_percent=domain.practical_percent(found))
