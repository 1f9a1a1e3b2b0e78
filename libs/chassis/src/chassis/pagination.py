"""Lists by cursor: `{"items": [...], "next_cursor": ...}`, `limit` 50 and at most 500 (SPEC 4)."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from chassis.errors import Malformed

T = TypeVar("T")
UNUSABLE = "This cursor is not one that this list gave out. Start from the first page."


class CursorNotUsable(Malformed):
    """The cursor is not one that this list gave out."""


class Page(BaseModel, Generic[T]):
    """One page; `next_cursor` is null on the last."""

    items: list[T]
    next_cursor: str | None = None


@dataclass(frozen=True)
class Paging:
    """What was asked for. `after` holds the sort values of the last row of the page before, None on the first."""

    limit: int
    after: list[Any] | None

    def values(self, *kinds: Callable[[str], Any]) -> list[Any] | None:
        """`after` with each value read by its kind (`UUID`, `date.fromisoformat`, ...). Raises CursorNotUsable for what does not fit."""
        if self.after is None:
            return None
        try:
            return [kind(value) for kind, value in zip(kinds, self.after, strict=True)]
        except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
            raise CursorNotUsable(UNUSABLE) from error


def paging(limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: Annotated[str | None, Query(max_length=2000)] = None) -> Paging:
    """Reads `limit` and `cursor`. Raises CursorNotUsable."""
    if cursor is None:
        return Paging(limit, None)
    try:
        after = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise CursorNotUsable(UNUSABLE) from error
    if not isinstance(after, list):
        raise CursorNotUsable(UNUSABLE)
    return Paging(limit, after)


Paged = Annotated[Paging, Depends(paging)]


def page(rows: Sequence[Any], paging: Paging, *, shown: Callable[[Any], T], key: Callable[[Any], Sequence[Any]]) -> Page[T]:
    """The page of `rows`, which were read with `limit + 1`; `key` gives the sort values of a row."""
    more = len(rows) > paging.limit
    kept = rows[: paging.limit]
    cursor = None
    if more:
        told = json.dumps([str(value) for value in key(kept[-1])], separators=(",", ":"))
        cursor = base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")
    return Page[T](items=[shown(row) for row in kept], next_cursor=cursor)
