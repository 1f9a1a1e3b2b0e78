"""The rows of a file of hours, one after the other, of any length and never whole in memory: CSV or JSON."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

import ijson

from compliance.domain.imports import FileNotReadable, check_columns

FORM = {0: "start_map", 1: "start_array", 2: "start_map"}
"""What begins at each depth on the way to a row."""
EMPTY: dict[str, Callable[[], Any]] = {"start_map": dict, "start_array": list}
DEEPEST = 100
Rows = Iterator[tuple[int, str]]
"""Each as a JSON object, with the number of the line on which it begins; of JSON with its place among the rows, from 1."""


def rows(file: IO[bytes], content_type: str) -> Rows:
    """The rows. Raises FileNotReadable or ColumnsWrong, of a long file also while it is read."""
    return _of_json(file) if content_type.partition(";")[0].strip().lower() == "application/json" else _of_csv(file)


def _of_json(file: IO[bytes]) -> Rows:
    place = 0
    try:
        for place, row in enumerate(_objects(ijson.basic_parse(file)), start=1):
            yield place, json.dumps(row, default=float)
        if not place:
            raise ValueError("no rows")
    except (ValueError, ijson.JSONError, OverflowError) as error:
        form = 'This is no JSON of the form {"rows": [{"enrollment_id": ..., ...}, ...]}'
        raise FileNotReadable(f"{form}{f' after row {place}' if place else ''}. Send that, or CSV.") from error


def _objects(events: Iterable[tuple[str, Any]]) -> Iterator[dict[str, Any]]:
    """The objects in the list `rows`. What lies deeper in one is passed over and left empty, which no field of hours takes.

    Raises ValueError for another form, or nesting that nobody means: what is open takes memory, however little is written.
    """
    depth, under, key, row = 0, "", "", dict[str, Any]()
    for event, value in events:
        if event == "map_key":
            under, key = (value, key) if depth == 1 else (under, value)
        elif event in ("end_map", "end_array"):
            depth -= 1
            if depth == 2 and under == "rows":
                yield row
        else:
            if ((depth == 0 or under == "rows") and FORM.get(depth, event) != event) or depth > DEEPEST:
                raise ValueError(event)
            if depth == 2:
                row = {}
            elif depth == 3:
                row[key] = EMPTY[event]() if event in EMPTY else value
            depth += event in EMPTY


def _of_csv(file: IO[bytes]) -> Rows:
    reader = csv.reader(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""), strict=True)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        check_columns(names)
        for cells in reader:
            if cells:
                yield reader.line_num - sum(cell.count("\n") for cell in cells), json.dumps(_named(names, cells))
    except (csv.Error, UnicodeDecodeError) as error:
        raise FileNotReadable(f"Line {reader.line_num + 1} is no CSV of UTF-8. Correct it and send the file again.") from error


def _named(names: list[str], cells: list[str]) -> dict[str, Any]:
    """The row by its columns; an empty cell says nothing, and a cell too many has a name that no column bears."""
    beyond = {f"cell {number}": cell for number, cell in enumerate(cells[len(names) :], start=len(names) + 1)}
    return {name: cell for name, cell in zip(names, cells, strict=False) if cell.strip()} | beyond
