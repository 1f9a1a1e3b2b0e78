"""What is asked of an enrollment, from which week on (SPEC 3.3)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chassis.errors import Conflict, Malformed, NotFound, StaleVersion

from compliance.domain.weeks import week_of


class NotAMonday(Malformed):
    """A requirement holds from a week on, and weeks begin on Monday."""


class WeekIsOver(Conflict):
    """The week is past: what was asked of it stays."""


class RequirementNotKnown(Conflict):
    """Nothing is asked of the enrollment yet, because its program has not arrived here."""


class RequirementChanged(StaleVersion):
    """The requirement is not the one that was looked at."""


class NobodyToChange(NotFound):
    """No enrollment that goes on, and that the one who asks may see, is in that program or cohort."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is asked from the week of `effective_from` until that of `effective_until` (None: from then on).

    `class_days` are ISO weekdays.
    """

    enrollment_id: UUID
    revision: int
    student_id: UUID
    effective_from: date
    effective_until: date | None
    required_minutes_per_week: int
    inactivity_days_threshold: int
    is_self_paced: bool
    class_days: tuple[int, ...]
    set_by: UUID | None
    set_at: datetime


def effective_week(asked: date | None, today: date) -> date:
    """The Monday from which on a change holds: the one asked for, or else the present week's. Raises NotAMonday or WeekIsOver."""
    present = week_of(today)
    if asked is None:
        return present
    if asked != week_of(asked):
        nearest = week_of(asked)
        raise NotAMonday(f"A requirement holds from a Monday on. {asked} lies in the week of {nearest}.", nearest=nearest.isoformat())
    if asked < present:
        raise WeekIsOver(f"The week of {asked} is over. Name that of {present} or a later one.")
    return asked


def check_seen(newest: int, expected: str) -> None:
    """Raises RequirementChanged unless `expected` is the ETag of the newest revision, or `*`."""
    if expected not in ("*", f'"{newest}"'):
        raise RequirementChanged("This requirement was changed meanwhile. Read it again and decide on that, with its ETag in If-Match.")
