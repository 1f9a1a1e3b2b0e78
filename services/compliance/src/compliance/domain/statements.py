"""A statement of hours: what was believed of an enrollment at an instant, added up by week and category (SPEC 3.2, 3.11)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.errors import Malformed

from compliance.domain.hours import Flag, flags_of
from compliance.domain.weeks import week_of

CATEGORIES = ("theory", "practical")
FIRST = datetime(1, 1, 2, tzinfo=UTC)
"""Any instant before it is it: in some zones the calendar has no earlier one."""


class AsOfInFuture(Malformed):
    """What will be believed then nobody knows."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it was known: its newest revision of then, of how many, and how many minutes of it counted, and officially."""

    log_id: UUID
    revision: int
    revisions: int
    work_date: date
    minutes: int
    category: str | None
    source: str
    status: str
    recorded_at: datetime
    counted_minutes: int
    official_minutes: int
    over_minutes: int
    double_credit: bool

    @property
    def flags(self) -> list[Flag]:
        """What was noted of it."""
        return flags_of(over_minutes=self.over_minutes, double_credit=self.double_credit)


@dataclass(slots=True)
class Sum:
    """Minutes that counted for weeks and alerts, and those of official reports."""

    counted_minutes: int = 0
    official_minutes: int = 0

    def add(self, line: Line) -> None:
        """Adds an entry's minutes."""
        self.counted_minutes += line.counted_minutes
        self.official_minutes += line.official_minutes


@dataclass(slots=True)
class Sums:
    """A sum over everything, and of each category."""

    all: Sum = field(default_factory=Sum)
    by_category: dict[str, Sum] = field(default_factory=lambda: {category: Sum() for category in CATEGORIES})


@dataclass(frozen=True, slots=True)
class Place:
    """The enrollment of a statement, as it is now. Dates are in `time_zone`."""

    enrollment_id: UUID
    student_id: UUID
    program_id: UUID
    program_name: str
    time_zone: str
    started_on: date
    ended_on: date | None
    status: str


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything that was known at `as_of`, by the order of work dates; `weeks` are those with an entry, by their Mondays.

    Hours of `detached_years` are not in it.
    """

    place: Place
    as_of: datetime
    lines: Sequence[Line]
    total: Sums
    weeks: dict[date, Sums]
    detached_years: Sequence[int] = ()


def instant_of(as_of: datetime | date | None, zone: str, now: datetime) -> datetime:
    """The instant that is meant, in UTC: a date means the end of that day in the zone, or now while it is not over. Raises AsOfInFuture."""
    if as_of is None:
        return now
    if isinstance(as_of, datetime):
        asked, begins = as_of, as_of
    else:
        local = ZoneInfo(zone)
        begins = datetime.combine(as_of, time(), local)
        asked = begins if as_of == date.max else datetime.combine(as_of + timedelta(days=1), time(), local)
    if begins > now:
        raise AsOfInFuture("That moment has not come, and nobody knows what will be believed then. Ask for an earlier one.")
    return max(FIRST, min(asked, now)).astimezone(UTC)


def add_up(place: Place, as_of: datetime, lines: Sequence[Line], detached_years: Sequence[int] = ()) -> Statement:
    """The statement of these entries."""
    total, weeks = Sums(), dict[date, Sums]()
    for line in lines:
        for sums in (total, weeks.setdefault(week_of(line.work_date), Sums())):
            sums.all.add(line)
            if line.category:
                sums.by_category[line.category].add(line)
    return Statement(place, as_of, lines, total, weeks, detached_years)
