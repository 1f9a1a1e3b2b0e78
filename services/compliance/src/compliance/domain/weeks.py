"""Weeks and what they ask for (SPEC 3.1, 3.3). Dates are in the program's time zone; durations are whole minutes."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

WEEK = timedelta(days=7)
Period = tuple[date, date | None]
"""The first and the last day, both included; None: it is open."""


def week_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def counted_days(first: date, last: date, *, started_on: date, ended_on: date | None, leave: Sequence[Period] = ()) -> int:
    """How many days from `first` to `last`, both included, count: those neither before the enrollment began, nor after it ended, nor on
    approved leave. The leaves of an enrollment do not overlap.
    """
    begin, end = max(first, started_on), min(last, ended_on or date.max)
    return _days(begin, end) - sum(_days(max(begin, away[0]), min(end, away[1] or date.max)) for away in leave)


def target_minutes(required: int, week_start: date, *, started_on: date, ended_on: date | None, leave: Sequence[Period] = ()) -> int:
    """What a week asks for: the requirement times its counted days over 7, rounded half to even (SPEC 3.3)."""
    days = counted_days(week_start, week_start + timedelta(days=6), started_on=started_on, ended_on=ended_on, leave=leave)
    return round(Fraction(required * days, 7))


def idle_days(last_activity_on: date | None, started_on: date, checked_on: date, leave: Sequence[Period] = ()) -> int:
    """Days from the last activity, or without any from the enrollment's first day, to the day of the check, those of leave not counted."""
    after = (last_activity_on or started_on) + timedelta(days=1)
    return counted_days(after, checked_on, started_on=after, ended_on=None, leave=leave)


def on_leave(day: date, leave: Sequence[Period]) -> bool:
    """Whether the day is one of approved leave."""
    return any(first <= day <= (last or date.max) for first, last in leave)


def _days(first: date, last: date) -> int:
    return max(0, (last - first).days + 1)


def hours_text(minutes: int) -> str:
    """Minutes as decimal hours with two places, rounded half to even: 90 is `1.50`."""
    hundredths = round(Fraction(minutes * 100, 60))
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def week_status(total: int, target: int, week_start: date, today: date) -> str:
    """How a week stands on `today`: `met`, `excused` (nothing is asked of it), `open` (still running) or `missed`."""
    if target == 0:
        return "excused"
    if total >= target:
        return "met"
    return "open" if today < week_start + WEEK else "missed"
