"""Alerts, with and without what explains them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from contracts.alerts import AlertType, Explanation, Severity
from pydantic import BaseModel, Field

from compliance.schemas.fields import Text


class NoteIn(BaseModel):
    """Why an alert is resolved by hand."""

    note: Annotated[Text, Field(max_length=500)]


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
    resolved_by: UUID | None = Field(description="Who resolved it by hand")
    note: str | None = Field(description="Why, in their words")
    escalated_at: datetime | None = Field(description="Since when the program holder and administrators are called upon")

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a query's row."""
        return cls.model_validate(dict(row._mapping) | {"id": row.alert_id})


class ExplainedAlertOut(AlertOut):
    """An alert with the rule, the numbers and the ledger rows that it stands on, as they were at the check."""

    explanation: Explanation
