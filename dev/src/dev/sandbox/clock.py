"""The sandbox's clock: real time plus an offset that outlives the process (SPEC 3.4, "a clock that can be moved")."""

import sqlite3
from datetime import UTC, datetime, timedelta

from dev.sandbox.database import read_setting, write_setting
from dev.sandbox.errors import Refused

_OFFSET = "clock_offset_seconds"
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def now(db: sqlite3.Connection) -> datetime:
    """Give the instant, in UTC, that the sandbox believes it is."""
    return datetime.now(UTC) + timedelta(seconds=float(read_setting(db, _OFFSET) or 0))


def move_to(db: sqlite3.Connection, instant: datetime) -> None:
    """Let the clock run on from this instant. Raises Refused (422) outside of 2000 to 2099."""
    if not _EARLIEST <= instant < _LATEST:
        raise Refused(422, "clock_out_of_range", "The clock can stand in the years 2000 to 2099; give an instant in them.")
    write_setting(db, _OFFSET, str((instant - datetime.now(UTC)).total_seconds()))


def advance(db: sqlite3.Connection, seconds: float) -> None:
    """Move the clock forward, or back for a negative number. Raises Refused (422) outside of 2000 to 2099."""
    try:
        instant = now(db) + timedelta(seconds=seconds)
    except OverflowError:
        instant = _LATEST
    move_to(db, instant)


def stamp(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC to the second, so that text order is time order."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
