"""Hours: what is asked, and an entry as it is told."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from chassis.pagination import Page
from contracts.hours import Category
from pydantic import BaseModel, ConfigDict, Field

from compliance.domain.hours import Entry, Flag, Submission
from compliance.domain.weeks import hours_text
from compliance.schemas.fields import Hours, Text


class HoursIn(BaseModel):
    """Hours to log on one day. Minutes must be more than 0, and a day holds 24 hours over all sources."""

    enrollment_id: UUID
    work_date: date = Field(description="In the program's time zone; not in the future")
    minutes: int = Field(description="Whole minutes, 1 to 1440")
    category: Category
    source: Literal["manual", "mobile", "partner", "coordinator"] = "manual"
    notes: Annotated[Text, Field(max_length=2000)] | None = None
    external_key: Annotated[Text, Field(max_length=200)] | None = Field(
        default=None, description="Your own name of the entry: sent again it gives the first entry back"
    )

    def submission(self) -> Submission:
        """As the domain takes it."""
        return Submission(self.enrollment_id, self.work_date, self.minutes, self.category.value, self.source, self.notes, self.external_key)


class CorrectionIn(BaseModel):
    """What an entry becomes; what is not named stays. Others than its author, and whoever corrects what was decided, say why."""

    model_config = ConfigDict(use_enum_values=True)

    work_date: date = Field(default_factory=lambda: date.min, description="In the program's time zone; not in the future")
    minutes: int = Field(default_factory=int, description="Whole minutes, 1 to 1440")
    category: Category = Field(default_factory=lambda: Category.PRACTICAL)
    notes: Annotated[Text, Field(max_length=2000)] | None = None
    reason: Annotated[Text, Field(max_length=500)] | None = None

    def changes(self) -> dict[str, Any]:
        """What was named, as the domain takes it."""
        return self.model_dump(exclude_unset=True, exclude={"reason"})


class ReasonIn(BaseModel):
    """Why an entry is rejected, or taken back."""

    reason: Annotated[Text, Field(max_length=500)]


class HoursOut(BaseModel):
    """A ledger entry's newest revision."""

    log_id: UUID
    revision: int
    enrollment_id: UUID
    student_id: UUID
    work_date: date
    minutes: int
    hours: Hours
    category: Category | None
    source: str
    status: str
    logged_by: UUID | None
    notes: str | None
    reason: str | None
    external_key: str | None
    recorded_by: UUID | None = Field(description="Who made this revision: of a verified or rejected entry who decided")
    recorded_at: datetime
    counted_minutes: int = Field(description="How many of the minutes count for weeks and alerts now")
    counted_hours: Hours
    over_cap_minutes: int = Field(description="Minutes past a cap of the program: they count once a coordinator accepts them")
    flags: list[Flag]

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """From the ledger."""
        told: dict[str, Any] = {name: getattr(entry, name) for name in cls.model_fields if hasattr(entry, name)}
        hours = {"hours": hours_text(entry.minutes), "counted_hours": hours_text(entry.counted_minutes)}
        return cls(**told, **hours, over_cap_minutes=entry.over_minutes)


class HoursPage(Page[HoursOut]):
    """A page of entries, and which of the years that were asked for are not in it."""

    detached_years: list[int] = Field(description="ISO years, of those that from and to name, whose hours are detached from the ledger")
