"""Weeks and what they ask for (SPEC 3.1, 3.3). Dates are in the program's time zone; durations are whole minutes."""

from datetime import date, timedelta
from fractions import Fraction

WEEK = timedelta(days=7)


def week_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def counted_days(first: date, last: date, *, started_on: date, ended_on: date | None) -> int:
    """How many days from `first` to `last`, both included, count: those neither before the enrollment began nor after it ended."""
    begin = max(first, started_on)
    end = min(last, ended_on) if ended_on else last
    return max(0, (end - begin).days + 1)


def target_minutes(required: int, week_start: date, *, started_on: date, ended_on: date | None) -> int:
    """What a week asks for: the requirement times its counted days over 7, rounded half to even (SPEC 3.3)."""
    days = counted_days(week_start, week_start + timedelta(days=6), started_on=started_on, ended_on=ended_on)
    return round(Fraction(required * days, 7))


def idle_days(last_activity_on: date | None, started_on: date, checked_on: date) -> int:
    """Days from the last activity, or without any from the enrollment's first day, to the day of the check (SPEC 3.3)."""
    return max(0, (checked_on - (last_activity_on or started_on)).days)


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
