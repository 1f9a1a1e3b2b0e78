"""Files of hours: what can be read of them, and what becomes of their rows (SPEC 3.2)."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from chassis.errors import Malformed, NotFound, Refusal

from compliance.domain.hours import Entry, Submission

Mode = Literal["atomic", "partial"]
REQUIRED = ("enrollment_id", "work_date", "minutes", "category")
COLUMNS = (*REQUIRED, "source", "notes", "external_key")
"""Of a CSV file."""


class FileNotReadable(Malformed):
    """The body is no CSV of UTF-8, or no JSON with rows."""


class ColumnsWrong(Malformed):
    """The first line of the CSV does not name the columns."""


class ImportEmpty(Malformed):
    """There is no row in the file."""


class ImportNotKnown(NotFound):
    """There is no such import of the one who asks."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file: hours as they are asked to be taken, or why it says nothing that could be."""

    line: int
    asked: Submission | Refusal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: an entry that is new, the one that was there under its external key, or a refusal."""

    line: int
    entry: Entry | None = None
    repeated: UUID | None = None
    refusal: Refusal | None = None


def check_columns(names: list[str]) -> None:
    """Raises ColumnsWrong."""
    if missing := [name for name in REQUIRED if name not in names]:
        raise ColumnsWrong(f"The first line must name the columns. Missing: {', '.join(missing)}.")
    if beyond := [name for name in names if name not in COLUMNS]:
        known = ", ".join(COLUMNS)
        raise ColumnsWrong(f"The column {beyond[0][:100]!r} is not known. Take it out, or name it as one of {known}.")
    if len(set(names)) < len(names):
        raise ColumnsWrong("A column comes twice. Name each once.")
