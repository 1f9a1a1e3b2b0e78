"""The weekly dashboard as a file, CSV or XLSX, written row by row: the memory that it takes does not grow with its rows."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import xlsxwriter

from compliance.domain.alerts import SEVERITIES
from compliance.domain.dashboard import Standing
from compliance.domain.weeks import hours_text

COLUMNS = (
    "Student", "Email", "Program", "Required hours", "Target hours", "Logged hours", "Missing hours", "Status", "Severity", "Last activity",
    "Days since activity", "Week start", "Week end", "Student id", "Enrollment id",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for the beginning of one."""
SHEET_ROWS = 1_048_576
"""As many as a sheet of XLSX can have; what is more goes on in a next one."""
Cells = Sequence[str | int | Fraction | date | None]


class Sheet(Protocol):
    """A file that is being written."""

    def add(self, rows: Iterable[Any]) -> None:
        """Adds rows of the dashboard."""

    def close(self) -> None:
        """Writes its end."""


def cells(row: Any) -> Cells:
    """A row of the dashboard in the order of `COLUMNS`; hours are exact."""
    hours = (Fraction(getattr(row, name), 60) for name in ("required", "target", "logged", "missing"))
    return (
        row.name, row.email, row.program_name, *hours, Standing(row.standing).label, SEVERITIES[row.rank - 1].title() if row.rank else None,
        row.active_on, row.days_since, row.week_start, row.week_start + timedelta(days=6), str(row.student_id), str(row.enrollment_id),
    )  # fmt: skip


class CsvSheet:
    """UTF-8 with a byte order mark, by which spreadsheets know it. A text that would be a formula has an apostrophe before it."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("w", encoding="utf-8-sig", newline="")
        self.writer = csv.writer(self.file)
        self.writer.writerow(COLUMNS)

    def add(self, rows: Iterable[Any]) -> None:
        self.writer.writerows([_plain(cell) for cell in cells(row)] for row in rows)

    def close(self) -> None:
        self.file.close()


def _plain(cell: Any) -> str:
    if isinstance(cell, Fraction):
        return hours_text(int(cell * 60))
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text


class XlsxSheet:
    """Each row goes to a file of the writer's own as soon as it is whole."""

    def __init__(self, path: Path) -> None:
        self.book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent), "in_memory": False})
        self.head, self.day, self.hours = (self.book.add_format(how) for how in HOW)
        self._begin()

    def _begin(self) -> None:
        self.sheet, self.row = self.book.add_worksheet(), 0
        self.sheet.freeze_panes(1, 0)
        self.sheet.set_column(0, len(COLUMNS) - 1, 16)
        for column, name in enumerate(COLUMNS):
            self.sheet.write_string(0, column, name, self.head)

    def add(self, rows: Iterable[Any]) -> None:
        for row in rows:
            if self.row == SHEET_ROWS - 1:
                self._begin()
            self.row += 1
            for column, cell in enumerate(cells(row)):
                self._write(column, cell)

    def _write(self, column: int, cell: Any) -> None:
        if isinstance(cell, str):
            self.sheet.write_string(self.row, column, cell)
        elif isinstance(cell, date):
            self.sheet.write_datetime(self.row, column, cell, self.day)
        elif isinstance(cell, Fraction):
            self.sheet.write_number(self.row, column, float(cell), self.hours)
        elif cell is not None:
            self.sheet.write_number(self.row, column, cell)

    def close(self) -> None:
        self.book.close()


HOW = ({"bold": True}, {"num_format": "yyyy-mm-dd"}, {"num_format": "0.00"})
