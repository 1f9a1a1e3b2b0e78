"""Which slots a scan can be run for (SPEC 3.1): Wednesday, Sunday and every day at 19:30 in the zone, and Monday 03:30 for week close."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from chassis.errors import Conflict, Malformed, NotFound

from compliance.domain.weeks import WEEK, week_of

ScanKind = Literal["midweek", "weekly", "inactivity", "close"]
EVENING, NIGHT = time(19, 30), time(3, 30)


@dataclass(frozen=True, slots=True)
class Timetable:
    """When a kind of scan is due in each zone; `weekday` 0 is Monday, None every day."""

    weekday: int | None
    at: time


TIMETABLE: dict[str, Timetable] = {
    "midweek": Timetable(2, EVENING),
    "weekly": Timetable(6, EVENING),
    "inactivity": Timetable(None, EVENING),
    "close": Timetable(0, NIGHT),
}
DAY_NAME = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


class NotAScanDay(Malformed):
    """The date is not of the weekday that this check runs on."""


class SlotNotDue(Conflict):
    """The slot has not come yet."""


class ZoneNotKnown(Conflict):
    """No program is in that time zone."""


class ScanNotKnown(NotFound):
    """There is no such scan."""


def cron(kind: str) -> str:
    """The kind's timetable as a cron line, read in each zone."""
    when = TIMETABLE[kind]
    return f"{when.at.minute} {when.at.hour} * * {'*' if when.weekday is None else (when.weekday + 1) % 7}"


def due_at(kind: str, zone: str, day: date) -> datetime:
    """When the slot of that date is due. A time that a night of change leaves out comes as much later as the clock jumps."""
    return datetime.combine(day, TIMETABLE[kind].at, ZoneInfo(zone))


def week_checked(kind: str, day: date) -> date:
    """The Monday of the week that the slot looks at: of week close the week that is over."""
    return week_of(day) - WEEK if kind == "close" else week_of(day)


def check_slot(kind: str, zone: str, day: date, *, zones: Collection[str], now: datetime) -> None:
    """Lets the slot through, or raises the refusal that names the nearest right date or the zones there are."""
    if zone not in zones:
        known = f"Choose one of {', '.join(sorted(zones))}." if zones else "Publish a program first."
        raise ZoneNotKnown(f"No program is in the time zone {zone}. {known}")
    nearest = nearest_day(kind, day)
    if day != nearest:
        name = DAY_NAME[nearest.weekday()]
        raise NotAScanDay(f"The {kind} scan runs on {name}. The nearest to {day} is {nearest}.", nearest=nearest.isoformat())
    if due_at(kind, zone, day) > now:
        at = TIMETABLE[kind].at
        raise SlotNotDue(f"The {kind} scan of {day} is due at {at:%H:%M} in {zone}. Wait for it, or choose an earlier date.")


def nearest_day(kind: str, day: date) -> date:
    """The date of the check's weekday that lies nearest."""
    weekday = TIMETABLE[kind].weekday
    back = 0 if weekday is None else (day.weekday() - weekday) % 7
    return day - timedelta(days=back) if back <= 3 else day + timedelta(days=7 - back)
