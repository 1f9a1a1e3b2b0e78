"""Scans: the slot that is asked for, and what a check did."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from compliance.domain.scans import ScanKind
from compliance.schemas.fields import Text

ScanDate = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]


class ScanIn(BaseModel):
    """A slot to run a check for: `date` is a Wednesday for midweek, a Sunday for weekly, a Monday for close, in `zone`."""

    kind: ScanKind
    zone: Annotated[Text, Field(max_length=64, examples=["America/New_York"])]
    date: ScanDate


class ScanOut(BaseModel):
    """A scan and what it did."""

    id: UUID
    kind: ScanKind
    zone: str
    date: date
    as_of: datetime
    checked: int
    raised: int
    risen: int
    superseded: int
    held: int = Field(description="Alerts that wait for newer data of Milady's")
    counts: dict[str, int] = Field(description="Raised and risen alerts by severity; of week close: weeks by result")
    took_ms: int = Field(description="How long the database worked on it, in milliseconds")
    running: bool
    finished_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a query's row."""
        told = dict(row._mapping)
        return cls(id=told.pop("scan_id"), date=told.pop("local_date"), **told)
