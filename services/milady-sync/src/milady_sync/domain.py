"""What milady-sync decides, over plain values: what changed, when to try again, what is refused (SPEC 3.4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple
from uuid import UUID, uuid5

from chassis.errors import Conflict, NotAllowed, NotFound, Unavailable

LOG_IDS = UUID("5d0a1e2c-7c55-4b8e-9a39-8d6e2f6f5b11")
"""Namespace of the ledger ids: whoever computes one for the same entry gets the same."""
WINDOW = timedelta(days=14)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


class EnrollmentNotFound(NotFound):
    """There is no such enrollment that the one who asks may see."""


class ProgramNotFound(NotFound):
    """There is no such program of the one who asks."""


class CourseNotFound(NotFound):
    """The enrollment has no such course on Milady."""


class SyncNotFound(NotFound):
    """There is no such sync run that the one who asks may see."""


class EnrollmentEnded(Conflict):
    """The enrollment is withdrawn or completed."""


class NotProvisioned(Conflict):
    """The student has no place on Milady yet."""


class AlreadyProvisioned(Conflict):
    """There is nothing left to try."""


class NothingToSync(Conflict):
    """No enrollment in the scope has a place on Milady."""


class SyncAllNeedsAdmin(NotAllowed):
    """A sync of everything is the administrator's."""


class MiladyDoesNotAnswer(Unavailable):
    """Milady cannot be asked just now."""


class Slot(NamedTuple):
    """What makes a time entry the same entry: Milady keeps one per date, lesson and activity."""

    work_date: date
    lesson_id: str
    activity: str


@dataclass(frozen=True, slots=True)
class TimeEntry:
    """Time that Milady counted; `hours` as Milady gives them."""

    slot: Slot
    lesson_name: str
    hours: Decimal

    @property
    def minutes(self) -> int:
        """Whole minutes, rounded half to even."""
        return minutes_of(self.hours)


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """A time entry as it was stored last; a voided one stays known, so that its revisions go on."""

    log_id: UUID
    revision: int
    minutes: int
    voided: bool


@dataclass(frozen=True, slots=True)
class Differences:
    """What became of the entries since the last sync. Revisions are those to publish."""

    logged: dict[Slot, tuple[TimeEntry, int]]
    voided: dict[Slot, tuple[KnownEntry, int]]

    def __len__(self) -> int:
        return len(self.logged) + len(self.voided)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a student stands in a course: percent 0 to 100, unrounded."""

    percent: Decimal
    minutes_spent: int
    last_accessed_at: datetime | None


@dataclass(frozen=True, slots=True)
class CourseReading:
    """What Milady said of one course; `since` is the first date whose entries were asked for."""

    course_code: str
    progress: Progress
    since: date
    entries: tuple[TimeEntry, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What Milady said of one enrollment, all of it asked for after `as_of`."""

    as_of: datetime
    courses: tuple[CourseReading, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """A student's account on Milady, with the Milady enrollment of each course by its code."""

    milady_student_id: str
    places: dict[str, str]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why Milady's part could not be done, in a sentence without personal data."""

    reason: str


def minutes_of(hours: Decimal) -> int:
    """Decimal hours as whole minutes, rounded half to even (SPEC 3.2)."""
    return int((hours * 60).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def log_id_of(enrollment_id: UUID, course_code: str, slot: Slot) -> UUID:
    """The ledger id of a time entry."""
    return uuid5(LOG_IDS, f"{enrollment_id}/{course_code}/{slot.work_date}/{slot.lesson_id}/{slot.activity}")


def combine(entries: Iterable[TimeEntry]) -> dict[Slot, TimeEntry]:
    """One entry a slot: what comes in several parts is added up, what comes to no minute is left out."""
    found: dict[Slot, TimeEntry] = {}
    for entry in entries:
        before = found.get(entry.slot)
        found[entry.slot] = TimeEntry(entry.slot, entry.lesson_name, entry.hours + before.hours) if before else entry
    return {slot: entry for slot, entry in found.items() if entry.minutes}


def differences(known: Mapping[Slot, KnownEntry], fetched: Mapping[Slot, TimeEntry]) -> Differences:
    """What is new, restated or back (logged) and what vanished (voided); the unchanged is in neither. Both cover the same dates."""
    logged = {}
    for slot, entry in fetched.items():
        before = known.get(slot)
        if before is None or before.voided or before.minutes != entry.minutes:
            logged[slot] = (entry, before.revision + 1 if before else 1)
    voided = {slot: (each, each.revision + 1) for slot, each in known.items() if not each.voided and slot not in fetched}
    return Differences(logged, voided)


def read_since(started_on: date, newest: date | None, today: date) -> date:
    """From which date on a sync reads: everything at first, then 14 days back from the newest entry or today, whichever is earlier.

    Milady's clock need not be ours: an entry's own date tells how far Milady is.
    """
    if newest is None:
        return started_on
    return max(started_on, min(newest, today) - WINDOW)


def next_attempt(attempts: int, now: datetime) -> datetime:
    """When a failed provisioning is tried again: the pauses double from a minute up to an hour."""
    return now + min(FIRST_PAUSE * (1 << min(attempts - 1, 10)), LONGEST_PAUSE)


def names_of(name: str) -> tuple[str, str]:
    """A name as Milady wants it, first and last; who has but one carries it twice, for Milady takes no empty one."""
    first, _, last = name.strip().rpartition(" ")
    return (first.strip() or last, last)
