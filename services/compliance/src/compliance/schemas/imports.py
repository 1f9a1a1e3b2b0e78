"""Hours in bulk."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from chassis.errors import Malformed, Refusal
from chassis.pagination import Page
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from compliance.domain.hours import Submission
from compliance.domain.imports import Mode
from compliance.schemas.hours import HoursIn


class MalformedRequest(Malformed):
    """A row is not in the form that hours have."""


class RowIn(HoursIn):
    """A row, as hours are submitted one by one. Without a source it has that of whoever sends it."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def read(cls, row: dict[str, Any], source: str) -> Submission | Refusal:
        """The hours that the row asks for, or what is wrong with its form."""
        try:
            return cls.model_validate({"source": source} | row).submission()
        except ValidationError as error:
            named = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False)[:5])
            return MalformedRequest(f"The row is not in the form that hours have. Correct {named}.")


class ProblemOut(BaseModel):
    """A row that was not taken: on which line, by which problem type, and the sentence for the person."""

    line: int = Field(description="Line of the CSV, from 1; place in the rows of JSON, from 1")
    type: str = Field(examples=["/problems/day-is-full"])
    detail: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a query's row."""
        return cls(line=row.line, type=f"/problems/{row.type}", detail=row.detail)


class ImportOut(BaseModel):
    """A file of hours and how far it is. `refused`: an atomic one had a bad row, and nothing of it was kept; `failed`: by our fault."""

    id: UUID
    mode: Mode
    state: Literal["receiving", "waiting", "checking", "working", "done", "refused", "failed"]
    total: int = Field(description="Rows in the file")
    done: int = Field(description="Rows that are worked on; of an atomic import those that are checked")
    made: int = Field(description="Rows that are entries now")
    repeated: int = Field(description="Rows that were entries before, by their external key")
    refused: int = Field(description="Rows that are listed in `problems`")
    started_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a query's row."""
        return cls.model_validate(dict(row._mapping) | {"id": row.import_id})


class WatchedImportOut(ImportOut):
    """The same with a page of the rows that were refused, in the order of their lines."""

    problems: Page[ProblemOut]
