"""Checks and alerts as plain Python (SPEC 3.3, decision 17), for `test_model.py` to hold the real ones against."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from .ledger_model import Model, week_of
from .week_model import DAY, WEEK, WeekModel

TYPES = {"midweek": "midweek_progress", "weekly": "weekly_hours_check", "inactivity": "inactivity_check"}
RANKS = ["low", "medium", "high", "critical"]
BY_ITSELF = ("target-reached", "activity", "excused")
"""What resolves an alert until it goes away again; everything else does for good."""
MILADY_AGE = timedelta(hours=6)


@dataclass(frozen=True)
class Slot:
    kind: str
    zone: str
    day: date

    @property
    def week(self) -> date:
        return week_of(self.day)

    @property
    def at(self) -> datetime:
        return datetime.combine(self.day, time(19, 30), ZoneInfo(self.zone))


@dataclass(frozen=True)
class Found:
    """What a check finds amiss: how badly, and the numbers that explain it."""

    severity: str
    target: int
    logged: int
    idle: int
    active: date | None


@dataclass
class Alert:
    kind: str
    week: date
    found: Found
    checked: date
    revision: int = 1
    status: str = "open"
    resolution: str | None = None
    escalated: bool = False

    def __post_init__(self):
        self.escalated = self.found.severity == "critical"

    def rise(self, found: Found, checked: date) -> None:
        self.found, self.checked, self.revision = found, checked, self.revision + 1
        self.escalated = self.escalated or found.severity == "critical"

    def resolve(self, resolution: str) -> None:
        self.status, self.resolution, self.revision = "resolved", resolution, self.revision + 1

    def reopen(self) -> None:
        self.status, self.resolution, self.revision = "open", None, self.revision + 1

    def escalate(self) -> None:
        self.escalated, self.revision = True, self.revision + 1

    def shown(self) -> tuple:
        told = (self.found.target, self.found.logged, self.found.idle)
        return (TYPES[self.kind], self.week, self.found.severity, self.status, self.resolution, self.revision, self.escalated, *told)


class AlertModel:
    def __init__(self, ledger: Model, zones: dict[UUID, str]):
        self.ledger, self.weeks, self.zones = ledger, WeekModel(ledger), zones
        self.alerts: dict[UUID, list[Alert]] = {place: [] for place in ledger.enrollments}
        self.ran: list[Slot] = []
        self.held: set[tuple[Slot, UUID]] = set()
        self.on_milady: set[UUID] = set()
        self.syncs: list[tuple[str, UUID | None, datetime, frozenset[UUID]]] = []

    def of_zone(self, zone: str) -> list[UUID]:
        """The enrollments that are known there, with their program."""
        known = [place for place, about in self.ledger.enrollments.items() if about.revision and self.ledger.rules_of(place).revision]
        return [place for place in known if self.zones[self.ledger.enrollments[place].program] == zone]

    def scan(self, slot: Slot) -> None:
        if slot not in self.ran:
            self.ran.append(slot)
        if slot.kind != "close":
            for place in self.of_zone(slot.zone):
                self.check(slot, place)

    def follow(self, *, again: set[tuple[UUID, date]] = frozenset()) -> None:
        """All that follows from a change, whatever it was. `again`: weeks whose checks are made again beside those that hold less now."""
        worse = self.weeks.recount() | again
        self.weeks.begin_requirements()
        for slot in self.ran:
            if slot.kind == "close":
                self.weeks.close(self.of_zone(slot.zone), slot.week - WEEK)
        for place in self.alerts:
            self.settle(place)
        for place, week in sorted(worse):
            ran = [slot for slot in self.ran if slot.week == week and place in self.of_zone(slot.zone)]
            for kind in ("weekly", "midweek"):
                for slot in ran:
                    if slot.kind == kind:
                        self.check(slot, place)

    def settle(self, place: UUID) -> None:
        if self.ledger.enrollments[place].status != "active":
            for alert in self.alerts[place]:
                if alert.status == "open":
                    alert.resolve("enrollment-ended")
            return
        for alert in self.alerts[place]:
            because = self._over(place, alert)
            if because and alert.status == "open":
                alert.resolve(because)
            elif not because and alert.status == "resolved" and alert.resolution in BY_ITSELF and self._is_newest(place, alert):
                alert.reopen()

    def _over(self, place: UUID, alert: Alert) -> str | None:
        """Why the alert's reason holds no more."""
        weeks = self.weeks
        if alert.kind != "inactivity":
            target = weeks.target(place, alert.week)
            if weeks.minutes.get((place, alert.week), 0) < target:
                return None
            return "target-reached" if target else "excused"
        last, known = weeks.last_activity(place), alert.found.active
        if last and last > (known or date.min):
            return "activity"
        idle = weeks.idle_days(place, known, alert.checked)
        silent = idle >= weeks.asked_of(place, week_of(alert.checked)).threshold and not weeks.away(place, alert.checked)
        return None if silent else "excused"

    def _is_newest(self, place: UUID, alert: Alert) -> bool:
        """A silence that another one came after is past."""
        return alert.kind != "inactivity" or alert is [each for each in self.alerts[place] if each.kind == "inactivity"][-1]

    def check(self, slot: Slot, place: UUID) -> None:
        found = self._find(slot, place)
        if found is None:
            return
        alert = next((each for each in self.alerts[place] if self._is_about(each, slot)), None)
        if alert:
            due = alert.status == "open" and RANKS.index(found.severity) > RANKS.index(alert.found.severity)
        else:
            due = not self._silenced(slot, place, found)
        if self._is_stale(slot, place):
            self.held |= {(slot, place)} if due else set()
            return
        if due and alert:
            alert.rise(found, slot.day)
        elif due:
            self.alerts[place].append(Alert(slot.kind, slot.week, found, slot.day))
        if slot.kind == "weekly":
            for each in self.alerts[place]:
                if (each.kind, each.week, each.status) == ("midweek", slot.week, "open"):
                    each.resolve("superseded")

    def _is_about(self, alert: Alert, slot: Slot) -> bool:
        """Of hours there is one alert a week, of silence one that is open."""
        return alert.kind == slot.kind and (alert.status == "open" if slot.kind == "inactivity" else alert.week == slot.week)

    def _silenced(self, slot: Slot, place: UUID, found: Found) -> bool:
        """Whoever resolved a silence by hand hears of it again when it gets worse."""
        return slot.kind == "inactivity" and any(
            (each.kind, each.resolution, each.found.active) == ("inactivity", "by-hand", found.active)
            and RANKS.index(each.found.severity) >= RANKS.index(found.severity)
            for each in self.alerts[place]
        )

    def _find(self, slot: Slot, place: UUID) -> Found | None:
        weeks, about = self.weeks, self.ledger.enrollments[place]
        if about.status != "active" or not weeks.lies_in(place, slot.day) or not weeks.is_asked(place, slot.week):
            return None
        target, logged = weeks.target(place, slot.week), weeks.logged(place, slot.week, slot.day)
        active = weeks.last_activity(place, slot.day)
        idle = weeks.idle_days(place, active, slot.day)
        severity = getattr(self, f"_{slot.kind}")(slot, place, target, logged, idle)
        return severity and Found(severity, target, logged, idle, active)

    def _midweek(self, slot: Slot, place: UUID, target: int, logged: int, idle: int) -> str | None:
        if self.weeks.minutes.get((place, slot.week), 0) >= target or Slot("weekly", slot.zone, slot.week + 6 * DAY) in self.ran:
            return None
        if not self.weeks.counted_days(place, slot.week, slot.day) or logged > target / 2:
            return None
        return "low" if logged else "medium"

    def _weekly(self, slot: Slot, place: UUID, target: int, logged: int, idle: int) -> str | None:
        if logged >= target:
            return None
        threshold, before = self.weeks.asked_of(place, slot.week).threshold, slot.week - WEEK
        third = (place, before) in self.weeks.closed and self.weeks.streaks(place, before)[1] >= 2
        if third or idle >= 2 * threshold:
            return "critical"
        if logged:
            return "low"
        return "high" if idle >= threshold else "medium"

    def _inactivity(self, slot: Slot, place: UUID, target: int, logged: int, idle: int) -> str | None:
        threshold = self.weeks.asked_of(place, slot.week).threshold
        since = (self.weeks.last_activity(place) or date.min) > slot.day
        if since or self.weeks.away(place, slot.day) or idle < threshold:
            return None
        return "critical" if idle >= 2 * threshold else "high"

    def _is_stale(self, slot: Slot, place: UUID) -> bool:
        program = self.ledger.enrollments[place].program
        read = [
            as_of
            for kind, of, as_of, failed in self.syncs
            if place not in failed and of == {"all": None, "program": program, "enrollment": place}[kind]
        ]
        return place in self.on_milady and (not read or max(read) < slot.at - MILADY_AGE)

    def release(self) -> None:
        """Judges what waited for newer data, as of its slot."""
        for slot in self.ran:
            for place in [place for of, place in self.held if of == slot and not self._is_stale(slot, place)]:
                self.held.remove((slot, place))
                self.check(slot, place)
