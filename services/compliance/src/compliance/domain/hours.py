"""Which hours are taken (SPEC 3.2)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.errors import Conflict, Malformed, NotAllowed, NotFound
from chassis.principal import Principal
from contracts.people import Role

from compliance.domain.weeks import hours_text
from compliance.domain.years import detached, year_of

DAY_MINUTES = 24 * 60
Flag = Literal["over_cap", "possible_double_credit"]
SOURCES_OF = {"student": ("manual", "mobile"), "partner": ("partner",), "client": ("partner",), Role.SITE_COORDINATOR: ("coordinator",)}
"""Who may submit hours of which source. `lms` hours come from `milady-sync` alone."""


class HoursNotPositive(Malformed):
    """0 minutes or less."""


class DayIsFull(Conflict):
    """The day would hold more than 24 hours over all sources."""


class DateInFuture(Conflict):
    """The date has not come in the program's time zone."""


class BeforeEnrollment(Conflict):
    """The date lies before the enrollment's first day."""


class AfterEnrollment(Conflict):
    """The date lies after the enrollment's last day."""


class EnrollmentNotActive(Conflict):
    """The enrollment is withdrawn or completed."""


class EnrollmentNotKnown(NotFound):
    """No such enrollment is known here, or none that the one who asks may see."""


class ProgramNotKnown(Conflict):
    """The enrollment's program has not arrived yet, so its time zone is not known."""


class SourceNotAllowed(NotAllowed):
    """This kind of person does not submit hours of that source."""


class EntryNotKnown(NotFound):
    """No such entry, or none that the one who asks may see."""


@dataclass(frozen=True, slots=True)
class Submission:
    """Hours as they are asked to be taken."""

    enrollment_id: UUID
    work_date: date
    minutes: int
    category: str
    source: str
    notes: str | None = None
    external_key: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a decision about new hours needs to know; `zone` is None while the program is not known.

    `to_settle`: the week is closed, or an alert is open that its hours may resolve. `counts_simply`: all that is submitted counts at once,
    without a cap, and no other source tells of that category on that day.
    """

    student_id: UUID
    started_on: date
    ended_on: date | None
    status: str
    zone: str | None
    day_minutes: int
    to_settle: bool | None = False
    same_key: UUID | None = None
    counts_simply: bool = True
    year_detached: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision of a ledger entry; `counted_minutes`, `over_minutes` and `double_credit` are the entry's as it stands now."""

    log_id: UUID
    revision: int
    enrollment_id: UUID
    student_id: UUID
    work_date: date
    minutes: int
    category: str | None
    source: str
    status: str
    logged_by: UUID | None
    notes: str | None
    reason: str | None
    external_key: str | None
    recorded_by: UUID | None
    recorded_at: datetime
    counted_minutes: int = 0
    over_minutes: int = 0
    double_credit: bool = False

    @property
    def flags(self) -> list[Flag]:
        """What is noted of it now."""
        return flags_of(over_minutes=self.over_minutes, double_credit=self.double_credit)


def flags_of(*, over_minutes: int, double_credit: bool) -> list[Flag]:
    """The names of what is noted of an entry."""
    found: dict[Flag, bool] = {"over_cap": over_minutes > 0, "possible_double_credit": double_credit}
    return [flag for flag, there in found.items() if there]


def accept_hours(standing: Standing, asked: Submission, *, who: Principal, now: datetime) -> None:
    """Lets hours through, or raises the refusal that names the first rule they break (SPEC 3.2)."""
    _accept_author(standing, asked, who)
    if standing.status != "active":
        raise EnrollmentNotActive(f"This enrollment is {standing.status} and takes no more hours. Ask the program holder.")
    check_day(standing, asked, now)


def check_day(standing: Standing, asked: Submission, now: datetime) -> None:
    """Lets through hours that the day can hold. Raises HoursNotPositive, ProgramNotKnown, DateInFuture,
    BeforeEnrollment, AfterEnrollment, YearDetached or DayIsFull.
    """
    if asked.minutes <= 0:
        raise HoursNotPositive("Log more than 0 minutes. To take an entry back, void it.")
    if standing.zone is None:
        raise ProgramNotKnown("The program of this enrollment has not arrived here yet. Try again in a moment.")
    if asked.work_date > now.astimezone(ZoneInfo(standing.zone)).date():
        raise DateInFuture(f"{asked.work_date} has not come yet in {standing.zone}. Log the hours on the day or later.")
    if asked.work_date < standing.started_on:
        raise BeforeEnrollment(f"The enrollment began on {standing.started_on}. Log hours of that day or later.")
    if standing.ended_on and asked.work_date > standing.ended_on:
        raise AfterEnrollment(f"The enrollment ended on {standing.ended_on}. Name that day or an earlier one.")
    if standing.year_detached:
        raise detached(year_of(asked.work_date))
    if standing.day_minutes + asked.minutes > DAY_MINUTES:
        left = DAY_MINUTES - min(DAY_MINUTES, standing.day_minutes)
        logged = hours_text(standing.day_minutes)
        sentence = f"A day has 24 hours, and {logged} of {asked.work_date} are logged already. Log {left} minutes or fewer."
        raise DayIsFull(sentence, minutes_left=left)


def _accept_author(standing: Standing, asked: Submission, who: Principal) -> None:
    if who.kind == "student" and who.id != standing.student_id:
        raise EnrollmentNotKnown("There is no such enrollment of yours. Choose one of your own.")
    role, allowed = sources_of(who)
    if asked.source not in allowed:
        may = f"hours of the source {' or '.join(allowed)}" if allowed else "no hours for others"
        raise SourceNotAllowed(f"As {role.replace('_', ' ')} you submit {may}. Choose that source.")


def sources_of(who: Principal) -> tuple[str, tuple[str, ...]]:
    """As what somebody submits hours, and of which sources."""
    role = Role.SITE_COORDINATOR if who.kind == "partner" and Role.SITE_COORDINATOR in who.roles else who.actor_kind
    return role, SOURCES_OF.get(role, ())
