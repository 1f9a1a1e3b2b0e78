"""Reads Milady's answers, whichever of its field names it uses. Each function raises MiladyMalformed for what it cannot read."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from milady_sync.client.errors import MiladyMalformed
from milady_sync.domain import Progress, Slot, TimeEntry, minutes_of

T = TypeVar("T")
Body = dict[str, Any]
MOST_HOURS, MOST_PLACES = 100_000, 12


def body(content: bytes) -> Body:
    """The JSON object of an answer; decimal numbers stay exact."""
    try:
        found = json.loads(content, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise MiladyMalformed("Milady's answer is not JSON.") from error
    if not isinstance(found, dict):
        raise MiladyMalformed("Milady's answer is not a JSON object.")
    return found


def _no_number(name: str) -> None:
    raise ValueError(name)


def student_id(answer: Body) -> str:
    """The id of a student that was made."""
    return _field(answer, _text, "student_id", "id")


def place_id(answer: Body) -> str:
    """The id of a student's place in a course, which Milady calls enrollment."""
    return _field(answer, _text, "enrollment_id", "id")


def existing_id(answer: Body, own_name: str) -> str:
    """The id of what is there already, from the answer that refuses to make it twice; `own_name` is what Milady else calls it."""
    error = answer.get("error")
    return _field({**(error if isinstance(error, dict) else {}), **answer}, _text, "existing_id", own_name)


def progress(answer: Body) -> Progress:
    """Where the student stands in the course."""
    percent = _field(answer, _decimal, "completion_percentage", "progress", "progress_percentage")
    if not 0 <= percent <= 100:
        raise MiladyMalformed("Milady's answer holds a progress that is not between 0 and 100.")
    hours = _field(answer, _hours, "total_time_hours", "time_spent", "total_hours", "time_spent_hours")
    accessed = _field(answer, _instant, "last_accessed", "last_accessed_at", missing=None)
    return Progress(percent, minutes_of(hours), accessed)


def time_entries(answer: Body) -> tuple[TimeEntry, ...]:
    """The entries of one page."""
    rows = answer.get("by_date")
    if not isinstance(rows, list):
        raise MiladyMalformed("Milady's answer holds no list by_date.")
    return tuple(_entry(row) for row in rows)


def _entry(row: Any) -> TimeEntry:
    if not isinstance(row, dict):
        raise MiladyMalformed("Milady's answer holds a time entry that is not an object.")
    lesson = _field(row, _text, "lesson_id", missing="")
    slot = Slot(_field(row, _date, "date", "on"), lesson, _field(row, _text, "activity_type", "activity", missing=""))
    return TimeEntry(slot, _field(row, _text, "lesson_name", "lesson_title", missing=lesson), _field(row, _hours, "hours_spent", "hours"))


def pages(answer: Body) -> tuple[int, int]:
    """How many pages there are and how many items on all of them; an answer that does not speak of pages is the only one."""
    told = answer.get("pagination")
    if not isinstance(told, dict):
        return 1, len(time_entries(answer))
    return _field(told, _count, "total_pages", "pages"), _field(told, _count, "total_items", "total")


def launch(answer: Body) -> tuple[str, datetime | None]:
    """The address that opens a course once, and when it expires, if Milady says."""
    url = _field(answer, _text, "sso_url", "url", "launch_url")
    if not url.startswith(("https://", "http://")):
        raise MiladyMalformed("Milady's answer holds a launch address that is no web address.")
    return url, _field(answer, _instant, "expires_at", missing=None)


_REQUIRED: Any = object()


def _field(answer: Body, read: Callable[[Any], T], *names: str, missing: Any = _REQUIRED) -> T:
    """The first of `names` that has a value, as `read` gives it."""
    for name in names:
        if (value := answer.get(name)) is not None:
            try:
                return read(value)
            except (ValueError, TypeError, ArithmeticError) as error:
                raise MiladyMalformed(f"Milady's answer holds a {name} that cannot be read.") from error
    if missing is _REQUIRED:
        raise MiladyMalformed(f"Milady's answer holds no {' or '.join(names)}.")
    return missing  # type: ignore[no-any-return]


def _text(value: Any) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool) or not 1 <= len(str(value)) <= 2000 or "\0" in str(value):
        raise ValueError
    return str(value)


def _decimal(value: Any) -> Decimal:
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        raise TypeError
    found = Decimal(value)
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int) or not -MOST_PLACES <= exponent <= MOST_PLACES:
        raise ValueError
    return found


def _hours(value: Any) -> Decimal:
    hours = _decimal(value)
    if not 0 <= hours <= MOST_HOURS:
        raise ValueError
    return hours


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError
    return value


def _date(value: Any) -> date:
    return datetime.fromisoformat(value).date()


def _instant(value: Any) -> datetime | None:
    if value == "":
        return None
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
