"""Which hours are taken and which entries can be voided (SPEC 3.2)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.errors import Conflict, Malformed, NotAllowed, NotFound
from chassis.principal import Principal

from compliance.domain.weeks import hours_text

DAY_MINUTES = 24 * 60
SOURCES_OF = {"student": ("manual", "mobile"), "partner": ("partner",)}
"""Who may submit hours of which source. `lms` hours come from `milady-sync` alone."""


class HoursNotPositive(Malformed):
    """0 minutes or less."""


class DayIsFull(Conflict):
    """The day would hold more than 24 hours over all sources."""


class DateInFuture(Conflict):
    """The date has not come in the program's time zone."""


class BeforeEnrollment(Conflict):
    """The date lies before the enrollment's first day."""


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


class EntryReadOnly(Conflict):
    """Hours from Milady are changed in Milady alone."""


class EntryAlreadyVoided(Conflict):
    """The entry counts no more already."""


class EntryNotYours(NotAllowed):
    """Somebody else logged the entry."""


class EntryDecided(Conflict):
    """The entry is verified or rejected; its author cannot take it back any more."""


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
    """What a decision about new hours needs to know; `zone` and `required_minutes` are None while the program is not known."""

    student_id: UUID
    started_on: date
    ended_on: date | None
    status: str
    zone: str | None
    required_minutes: int | None
    day_minutes: int
    week_minutes: int
    open_alerts: tuple[UUID, ...] = ()
    same_key: UUID | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision of a ledger entry."""

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
    recorded_at: datetime


def accept_hours(standing: Standing, asked: Submission, *, who: Principal, now: datetime) -> None:
    """Lets hours through, or raises the refusal that names the first rule they break (SPEC 3.2)."""
    _accept_author(standing, asked, who)
    if asked.minutes <= 0:
        raise HoursNotPositive("Log more than 0 minutes. To take an entry back, void it.")
    if standing.zone is None:
        raise ProgramNotKnown("The program of this enrollment has not arrived here yet. Try again in a moment.")
    if standing.status != "active":
        raise EnrollmentNotActive(f"This enrollment is {standing.status} and takes no more hours. Ask the program holder.")
    if asked.work_date > now.astimezone(ZoneInfo(standing.zone)).date():
        raise DateInFuture(f"{asked.work_date} has not come yet in {standing.zone}. Log the hours on the day or later.")
    if asked.work_date < standing.started_on:
        raise BeforeEnrollment(f"The enrollment began on {standing.started_on}. Log hours of that day or later.")
    if standing.day_minutes + asked.minutes > DAY_MINUTES:
        left = DAY_MINUTES - min(DAY_MINUTES, standing.day_minutes)
        logged = hours_text(standing.day_minutes)
        sentence = f"A day has 24 hours, and {logged} of {asked.work_date} are logged already. Log {left} minutes or fewer."
        raise DayIsFull(sentence, minutes_left=left)


def _accept_author(standing: Standing, asked: Submission, who: Principal) -> None:
    if who.kind == "student" and who.id != standing.student_id:
        raise EnrollmentNotKnown("There is no such enrollment of yours. Choose one of your own.")
    allowed = SOURCES_OF.get(who.kind, ())
    if asked.source not in allowed:
        may = f"hours of the source {' or '.join(allowed)}" if allowed else "no hours for others"
        raise SourceNotAllowed(f"As {who.kind} you submit {may}. Choose that source.")


def void(entry: Entry, reason: str, *, who: Principal) -> Entry:
    """The revision that takes the entry back: 0 minutes. Raises the refusal that says why it stays (SPEC 3.2)."""
    if entry.source == "lms":
        raise EntryReadOnly("These hours come from Milady and are read-only here. Correct them in Milady; the next sync brings the change.")
    if entry.status == "voided":
        raise EntryAlreadyVoided("This entry is voided already. There is nothing left to do.")
    if who.kind != "admin":
        if entry.logged_by != who.id:
            raise EntryNotYours("Only who logged the entry, or an administrator, voids it. Ask one of them.")
        if entry.status != "submitted":
            raise EntryDecided(f"This entry is {entry.status} and stays. Ask an administrator to void it.")
    return replace(entry, revision=entry.revision + 1, minutes=0, status="voided", reason=reason)
