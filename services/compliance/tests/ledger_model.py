"""The hour ledger as plain Python (SPEC 3.2, decision 15), for `test_model.py` to hold the real one against."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

DAY = 24 * 60


@dataclass(frozen=True)
class Revision:
    """One revision of an entry; `step` is when it was written, `by` who wrote it."""

    number: int
    step: int
    enrollment: UUID
    day: date
    minutes: int
    category: str | None
    source: str
    status: str
    by: UUID | None


@dataclass
class Enrollment:
    student: UUID
    program: UUID
    revision: int = 0
    started_on: date = date.max
    ended_on: date | None = None
    status: str = ""


@dataclass(frozen=True)
class Rules:
    revision: int = 0
    daily: int | None = None
    weekly: int | None = None
    submitted: bool = True
    verified_only: bool = True
    required: int = 0
    threshold: int = 0


@dataclass(frozen=True)
class Counted:
    minutes: int
    over: int
    double: bool


NOTHING = Counted(0, 0, False)


@dataclass
class Model:
    enrollments: dict[UUID, Enrollment] = field(default_factory=dict)
    programs: dict[UUID, Rules] = field(default_factory=dict)
    entries: dict[UUID, list[Revision]] = field(default_factory=dict)
    accepted: list[tuple[UUID, int, int]] = field(default_factory=list)
    keys: dict[tuple[UUID, str, str], UUID] = field(default_factory=dict)

    def rules_of(self, enrollment: UUID) -> Rules:
        return self.programs[self.enrollments[enrollment].program]

    def newest(self, step: float = float("inf")) -> dict[UUID, Revision]:
        """The newest revision of each entry that was written up to that step."""
        known = {log_id: [one for one in revisions if one.step <= step] for log_id, revisions in self.entries.items()}
        return {log_id: revisions[-1] for log_id, revisions in known.items() if revisions}

    def revisions(self, log_id: UUID, step: float) -> int:
        """How many there were after that step."""
        return sum(one.step <= step for one in self.entries[log_id])

    def counting(self, step: float = float("inf"), *, official: bool = False) -> dict[UUID, Counted]:
        """What counts of each entry that counts at all."""
        live = {log_id: one for log_id, one in self.newest(step).items() if self._counts(one, official)}
        found: dict[UUID, Counted] = {}
        days: dict[tuple[UUID, date], int] = {}
        weeks: dict[tuple[UUID, date], int] = {}
        for log_id, one in sorted(live.items(), key=lambda item: (item[1].day, item[0])):
            rules, day, week = self.rules_of(one.enrollment), (one.enrollment, one.day), (one.enrollment, week_of(one.day))
            accepted = any(a == log_id and minutes >= one.minutes and at <= step for a, minutes, at in self.accepted)
            of_day = one.minutes
            if rules.daily is not None and not accepted:
                of_day = min(one.minutes, max(0, rules.daily - days.get(day, 0)))
            counted = of_day
            if rules.weekly is not None and not accepted:
                counted = min(of_day, max(0, rules.weekly - weeks.get(week, 0)))
            days[day], weeks[week] = days.get(day, 0) + one.minutes, weeks.get(week, 0) + of_day
            found[log_id] = Counted(counted, one.minutes - counted, self._doubled(one, live.values()))
        return found

    def _counts(self, one: Revision, official: bool) -> bool:
        place, rules = self.enrollments[one.enrollment], self.rules_of(one.enrollment)
        if not place.revision or not one.minutes or not place.started_on <= one.day <= (place.ended_on or date.max):
            return False
        return one.status == "verified" or (one.status == "submitted" and (not rules.verified_only if official else rules.submitted))

    def _doubled(self, one: Revision, live) -> bool:
        student = self.enrollments[one.enrollment].student
        return any(
            each.source != one.source and (each.day, each.category) == (one.day, one.category)
            for each in live
            if self.enrollments[each.enrollment].student == student
        )  # fmt: skip

    def day_minutes(self, student: UUID, day: date, besides: UUID | None = None) -> int:
        return sum(
            one.minutes
            for log_id, one in self.newest().items()
            if one.day == day and one.status != "rejected" and log_id != besides and self.enrollments[one.enrollment].student == student
        )

    def weeks(self) -> dict[tuple[UUID, date], tuple[int, int, date]]:
        """Minutes, entries and last activity of each week with any."""
        newest, found = self.newest(), dict[tuple[UUID, date], tuple[int, int, date]]()
        for log_id, counted in self.counting().items():
            if counted.minutes:
                one = newest[log_id]
                at = (one.enrollment, week_of(one.day))
                minutes, entries, last = found.get(at, (0, 0, date.min))
                found[at] = (minutes + counted.minutes, entries + 1, max(last, one.day))
        return found

    def refuses_day(self, enrollment: UUID, day: date, minutes: int, today: date, besides: UUID | None = None) -> str | None:
        place = self.enrollments[enrollment]
        if not self.rules_of(enrollment).revision:
            return "ProgramNotKnown"
        if day > today:
            return "DateInFuture"
        if day < place.started_on:
            return "BeforeEnrollment"
        if place.ended_on and day > place.ended_on:
            return "AfterEnrollment"
        return "DayIsFull" if self.day_minutes(place.student, day, besides) + minutes > DAY else None

    def refuses_hours(self, enrollment: UUID, day: date, minutes: int, today: date) -> str | None:
        place = self.enrollments[enrollment]
        if not place.revision:
            return "EnrollmentNotKnown"
        return "EnrollmentNotActive" if place.status != "active" else self.refuses_day(enrollment, day, minutes, today)

    def add(self, log_id: UUID, revision: Revision) -> None:
        self.entries.setdefault(log_id, []).append(revision)

    def authors(self, log_id: UUID) -> set[UUID]:
        return {one.by for one in self.entries[log_id] if one.status == "submitted" and one.by}


def week_of(day: date) -> date:
    return day - timedelta(days=day.weekday())
