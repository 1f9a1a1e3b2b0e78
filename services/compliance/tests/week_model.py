"""What weeks ask for and come to, as plain Python (SPEC 3.3): requirements and their history, leave, targets, results and streaks."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

from .ledger_model import Model, week_of

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Asked:
    """What is asked from a week on, until another one holds."""

    since: date
    required: int
    threshold: int


@dataclass
class Leave:
    first: date
    last: date | None
    cancelled: bool = False

    def holds(self, day: date) -> bool:
        return not self.cancelled and self.first <= day <= (self.last or date.max)


class WeekModel:
    """Weeks of the enrollments of a ledger; whoever changes anything says `recount` afterwards."""

    def __init__(self, ledger: Model):
        self.ledger = ledger
        self.asked: dict[UUID, list[Asked]] = {}
        self.leaves: dict[UUID, list[Leave]] = {place: [] for place in ledger.enrollments}
        self.closed: set[tuple[UUID, date]] = set()
        self.minutes: dict[tuple[UUID, date], int] = {}
        self.activity: dict[UUID, list[tuple[date, int]]] = {}

    def recount(self) -> set[tuple[UUID, date]]:
        """Adds up the ledger anew. Gives the weeks that hold less than before."""
        before, newest = self.minutes, self.ledger.newest()
        self.minutes, self.activity = {}, {}
        for log_id, counted in self.ledger.counting().items():
            if counted.minutes:
                one = newest[log_id]
                at = (one.enrollment, week_of(one.day))
                self.minutes[at] = self.minutes.get(at, 0) + counted.minutes
                self.activity.setdefault(one.enrollment, []).append((one.day, counted.minutes))
        return {at for at, minutes in before.items() if self.minutes.get(at, 0) < minutes}

    def begin_requirements(self) -> None:
        """Once both are known an enrollment is asked what its program asks then, from its first week on."""
        for place, about in self.ledger.enrollments.items():
            rules = self.ledger.rules_of(place)
            if about.revision and rules.revision:
                first, *later = self.asked.get(place) or [Asked(date.max, rules.required, rules.threshold)]
                self.asked[place] = [replace(first, since=min(first.since, week_of(about.started_on))), *later]

    def ask(self, place: UUID, week: date, required: int | None, threshold: int | None) -> bool:
        """Asks for something else from that week on, until what was planned for a later one. Gives whether it is something else."""
        since = max(week, min(one.since for one in self.asked[place]))
        was = self.asked_of(place, since)
        new = Asked(since, was.required if required is None else required, threshold or was.threshold)
        if (new.required, new.threshold) == (was.required, was.threshold):
            return False
        self.asked[place].append(new)
        return True

    def asked_of(self, place: UUID, week: date) -> Asked:
        """What holds in a week: what was asked last of what begins latest."""
        return max(((one.since, n, one) for n, one in enumerate(self.asked[place]) if one.since <= week), key=lambda each: each[:2])[2]

    def is_asked(self, place: UUID, week: date) -> bool:
        return any(one.since <= week for one in self.asked.get(place, ()))

    def away(self, place: UUID, day: date) -> bool:
        return any(leave.holds(day) for leave in self.leaves[place])

    def lies_in(self, place: UUID, day: date) -> bool:
        about = self.ledger.enrollments[place]
        return about.started_on <= day <= (about.ended_on or date.max)

    def counted_days(self, place: UUID, first: date, last: date) -> int:
        days = [first + n * DAY for n in range((last - first).days + 1)]
        return sum(self.lies_in(place, day) and not self.away(place, day) for day in days)

    def target(self, place: UUID, week: date) -> int:
        return round(Fraction(self.asked_of(place, week).required * self.counted_days(place, week, week + 6 * DAY), 7))

    def logged(self, place: UUID, first: date, last: date) -> int:
        return sum(minutes for day, minutes in self.activity.get(place, ()) if first <= day <= last)

    def last_activity(self, place: UUID, until: date = date.max) -> date | None:
        return max((day for day, _ in self.activity.get(place, ()) if day <= until), default=None)

    def idle_days(self, place: UUID, last: date | None, day: date) -> int:
        since = last or self.ledger.enrollments[place].started_on
        return sum(not self.away(place, since + n * DAY) for n in range(1, (day - since).days + 1))

    def close(self, zone_places: list[UUID], week: date) -> None:
        """Closes the week of those that lie in it on some day."""
        for place in zone_places:
            if self.is_asked(place, week) and any(self.lies_in(place, week + n * DAY) for n in range(7)):
                self.closed.add((place, week))

    def result(self, place: UUID, week: date) -> str:
        if not (target := self.target(place, week)):
            return "excused"
        return "met" if self.minutes.get((place, week), 0) >= target else "missed"

    def streaks(self, place: UUID, week: date) -> tuple[int, int]:
        """Weeks met and weeks missed in a row up to that week, of those that are closed; excused ones are passed over."""
        met = missed = 0
        for each in sorted(closed for whose, closed in self.closed if whose == place and closed <= week):
            result = self.result(place, each)
            if result != "excused":
                met, missed = (met + 1, 0) if result == "met" else (0, missed + 1)
        return met, missed

    def results(self) -> dict[tuple[UUID, date], tuple[str, int, int, int]]:
        """Of each closed week its result, its target and the streaks."""
        return {at: (self.result(*at), self.target(*at), *self.streaks(*at)) for at in self.closed}

    def refuses_leave(self, place: UUID, first: date, last: date | None, besides: Leave | None = None) -> str | None:
        about, end = self.ledger.enrollments[place], last or date.max
        if end < first:
            return "LeaveEndsTooEarly"
        if first > (about.ended_on or date.max) or end < about.started_on:
            return "LeaveOutsideEnrollment"
        others = [leave for leave in self.leaves[place] if leave is not besides and not leave.cancelled]
        return "LeaveOverlaps" if any(first <= (one.last or date.max) and one.first <= end for one in others) else None
