"""Which slots a scan can be run for (SPEC 3.1): Wednesday and Sunday at 19:30 in the zone."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chassis.errors import Conflict, Malformed, NotFound

from compliance.domain.alerts import Kind

WEEKDAY: dict[Kind, int] = {"midweek": 2, "weekly": 6}
DAY_NAME: dict[Kind, str] = {"midweek": "Wednesday", "weekly": "Sunday"}
AT = time(19, 30)


class NotAScanDay(Malformed):
    """The date is not of the weekday that this check runs on."""


class SlotNotDue(Conflict):
    """The slot has not come yet."""


class ZoneNotKnown(Conflict):
    """No program is in that time zone."""


class ScanNotKnown(NotFound):
    """There is no such scan."""


def check_slot(kind: Kind, zone: str, day: date, *, zones: Collection[str], now: datetime) -> None:
    """Lets the slot through, or raises the refusal that names the nearest right date or the zones there are."""
    if zone not in zones:
        known = f"Choose one of {', '.join(sorted(zones))}." if zones else "Publish a program first."
        raise ZoneNotKnown(f"No program is in the time zone {zone}. {known}")
    if day.weekday() != WEEKDAY[kind]:
        nearest = nearest_day(kind, day)
        raise NotAScanDay(f"The {kind} scan runs on {DAY_NAME[kind]}s. The nearest to {day} is {nearest}.", nearest=nearest.isoformat())
    due = datetime.combine(day, AT, ZoneInfo(zone))
    if due > now:
        raise SlotNotDue(f"The {kind} scan of {day} is due at {AT:%H:%M} in {zone}. Wait for it, or choose an earlier date.")


def nearest_day(kind: Kind, day: date) -> date:
    """The date of the check's weekday that lies nearest."""
    back = (day.weekday() - WEEKDAY[kind]) % 7
    return day - timedelta(days=back) if back <= 3 else day + timedelta(days=7 - back)
