"""HTTP bodies. Durations are whole minutes beside decimal-string hours; dates are in the program's time zone (SPEC 4)."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from contracts.alerts import AlertType, Explanation, Severity
from contracts.hours import Category
from pydantic import BaseModel, Field, StringConstraints

from compliance.domain.hours import Entry, Submission
from compliance.domain.weeks import hours_text

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\x00]*$")]
Hours = Annotated[str, Field(description="Decimal hours with two places, e.g. `1.50`", examples=["1.50"])]
ScanDate = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]


class HoursIn(BaseModel):
    """Hours to log on one day. Minutes must be more than 0, and a day holds 24 hours over all sources."""

    enrollment_id: UUID
    work_date: date = Field(description="In the program's time zone; not in the future")
    minutes: int = Field(description="Whole minutes, 1 to 1440")
    category: Category
    source: Literal["manual", "mobile", "partner"] = "manual"
    notes: Annotated[Text, Field(max_length=2000)] | None = None
    external_key: Annotated[Text, Field(max_length=200)] | None = Field(
        default=None, description="Your own name of the entry: sent again it gives the first entry back"
    )

    def submission(self) -> Submission:
        """As the domain takes it."""
        return Submission(self.enrollment_id, self.work_date, self.minutes, self.category.value, self.source, self.notes, self.external_key)


class VoidIn(BaseModel):
    """Why an entry is taken back."""

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
    recorded_at: datetime

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """From the ledger."""
        told: dict[str, Any] = {name: getattr(entry, name) for name in Entry.__slots__}
        return cls(**told, hours=hours_text(entry.minutes))


class WeekOut(BaseModel):
    """A week's total against its target. `open` runs still; `excused` asks for nothing."""

    week_start: date
    required_minutes: int
    required_hours: Hours
    target_minutes: int
    target_hours: Hours
    logged_minutes: int
    logged_hours: Hours
    status: Literal["met", "missed", "open", "excused"]

    @classmethod
    def of(cls, week: Any) -> Self:
        """From a query's row."""
        kinds = ("required", "target", "logged")
        told = {f"{kind}_hours": hours_text(getattr(week, f"{kind}_minutes")) for kind in kinds}
        minutes = {f"{kind}_minutes": getattr(week, f"{kind}_minutes") for kind in kinds}
        return cls(week_start=week.week_start, status=week.status, **minutes, **told)


class AlertOut(BaseModel):
    """An alert in a list."""

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
    raised_at: datetime
    resolved_at: datetime | None
    resolution: str | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a query's row."""
        return cls.model_validate(dict(row._mapping) | {"id": row.alert_id})


class ExplainedAlertOut(AlertOut):
    """An alert with the rule, the numbers and the ledger rows that it stands on, as they were at the check."""

    explanation: Explanation


class ScanIn(BaseModel):
    """A slot to run a check for: `date` is a Wednesday for midweek, a Sunday for weekly, in `zone`."""

    kind: Literal["midweek", "weekly"]
    zone: Annotated[Text, Field(max_length=64, examples=["America/New_York"])]
    date: ScanDate


class ScanOut(BaseModel):
    """A scan and what it did."""

    id: UUID
    kind: Literal["midweek", "weekly"]
    zone: str
    date: date
    as_of: datetime
    checked: int
    raised: int
    risen: int
    superseded: int
    finished_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a query's row."""
        told = dict(row._mapping)
        return cls(id=told.pop("scan_id"), date=told.pop("local_date"), **told)
