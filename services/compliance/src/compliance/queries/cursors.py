"""Cursors back into the values that a list is sorted by."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from chassis.pagination import CursorNotUsable, Paging


def instant(text: str) -> datetime:
    """Reads an instant; raises ValueError where its offset is missing."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError("no offset")
    return read


def after(paging: Paging, *readers: Callable[[str], Any]) -> tuple[Any, ...] | None:
    """The sort values of the last row of the page before, each read by its reader; None on the first page. Raises CursorNotUsable."""
    if paging.after is None:
        return None
    try:
        return tuple(read(value) for read, value in zip(readers, paging.after, strict=True))
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise CursorNotUsable("This cursor is not one that this list gave out. Start from the first page.") from error
