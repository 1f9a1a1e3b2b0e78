"""What a student still has to do this week, whether that can be done, and when the program is through at the present pace (SPEC 3.3).

Dates are in the program's time zone; durations are whole minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil

from compliance.domain.weeks import WEEK, Period, counted_days, on_leave, target_minutes, week_of

DAY_MINUTES = 24 * 60
PACE_WEEKS = 4
FARTHEST = timedelta(days=365 * 50)
"""Beyond this a date says nothing."""


@dataclass(frozen=True, slots=True)
class Sofar:
    """An enrollment up to `today`.

    `weeks`: counted minutes by Monday, of the present week and of those before it that the pace is taken from. `student_days` and
    `counted_days` know the days from today to Sunday: what the student logged on each in all enrollments, and what of this one counts.
    `total` is what the whole program takes (None: not known), `done` what counts up to now.
    """

    today: date
    started_on: date
    ended_on: date | None
    required: int
    leave: Sequence[Period]
    weeks: Mapping[date, int]
    done: int
    total: int | None
    student_days: Mapping[date, int] = field(default_factory=dict)
    counted_days: Mapping[date, int] = field(default_factory=dict)
    daily_cap: int | None = None
    weekly_cap: int | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """`minutes_a_day` is None where no day is left; `pace` is minutes a week, None before the first day that counts."""

    today: date
    week_start: date
    required: int
    target: int
    logged: int
    missing: int
    days_left: int
    minutes_a_day: int | None
    reachable: bool
    total: int | None
    done: int
    remaining: int | None
    pace: int | None
    projected_on: date | None


def forecast(now: Sofar) -> Forecast:
    """What lies ahead of an enrollment. Today is a day that is left."""
    week = week_of(now.today)
    target = target_minutes(now.required, week, started_on=now.started_on, ended_on=now.ended_on, leave=now.leave)
    logged = now.weeks.get(week, 0)
    missing, left = max(0, target - logged), _days_left(now, week)
    a_day = ceil(missing / len(left)) if left else None
    per_day = _pace(now, week)
    remaining = None if now.total is None else max(0, now.total - now.done)
    return Forecast(
        now.today, week, now.required, target, logged, missing, len(left), a_day if missing else 0, missing <= _room(now, left, logged),
        now.total, now.done, remaining, None if per_day is None else round(7 * per_day), _projected(now, remaining, per_day),
    )  # fmt: skip


def _days_left(now: Sofar, week: date) -> list[date]:
    """The counted days from today to Sunday."""
    days = (max(now.today, now.started_on) + timedelta(days=n) for n in range(7))
    return [day for day in days if day < week + WEEK and day <= (now.ended_on or date.max) and not on_leave(day, now.leave)]


def _room(now: Sofar, left: Sequence[date], logged: int) -> int:
    """How many minutes can still come to count this week: 24 hours a day over all enrollments, and no more than the program's caps."""
    room = 0
    for day in left:
        free = DAY_MINUTES - now.student_days.get(day, 0)
        room += max(0, free if now.daily_cap is None else min(free, now.daily_cap - now.counted_days.get(day, 0)))
    return room if now.weekly_cap is None else min(room, max(0, now.weekly_cap - logged))


def _pace(now: Sofar, week: date) -> float | None:
    """Minutes a counted day in the last weeks that are over, or, in an enrollment's first week, up to today."""
    spans = [(start, start + WEEK - timedelta(days=1)) for start in (week - n * WEEK for n in range(1, PACE_WEEKS + 1))]
    for periods in (spans, [(week, now.today)]):
        days = sum(counted_days(*each, started_on=now.started_on, ended_on=now.ended_on, leave=now.leave) for each in periods)
        if days:
            return sum(now.weeks.get(start, 0) for start, _ in periods) / days
    return None


def _projected(now: Sofar, remaining: int | None, per_day: float | None) -> date | None:
    """The day on which what remains is done, days of approved leave not counted; None where nobody can say, or not within 50 years."""
    if remaining == 0:
        return now.today
    if remaining is None or not per_day or remaining / per_day > FARTHEST.days:
        return None
    day, needed = now.today, ceil(remaining / per_day)
    while needed and day - now.today < FARTHEST:
        day += timedelta(days=1)
        needed -= 0 if on_leave(day, now.leave) else 1
    return None if needed else day
