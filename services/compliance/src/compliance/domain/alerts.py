"""The midweek and the weekly check: who is behind, how badly, and in which words (SPEC 3.3). The one place that decides severity."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from chassis.errors import NotFound

from compliance.domain.weeks import WEEK, counted_days, hours_text, idle_days, target_minutes

Kind = Literal["midweek", "weekly"]
ALERT_TYPE: dict[Kind, str] = {"midweek": "midweek_progress", "weekly": "weekly_hours_check"}
SEVERITIES = ("low", "medium", "high", "critical")
TARGET_REACHED, SUPERSEDED, ENROLLMENT_ENDED = "target-reached", "superseded", "enrollment-ended"
"""Why alerts were resolved."""


class AlertNotKnown(NotFound):
    """There is no such alert, or none that the one who asks may see."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One enrollment's numbers at a check. `logged` and `last_activity_on` know the entries dated up to `checked_on`,
    `week_minutes` all of the week; `before` are the totals of the week before and the one before that."""

    week_start: date
    checked_on: date
    started_on: date
    ended_on: date | None
    required_minutes: int
    inactivity_days_threshold: int
    logged: int
    week_minutes: int
    last_activity_on: date | None
    before: tuple[int, int] = (0, 0)

    def target(self, weeks_ago: int = 0) -> int:
        """The target of this week, or of an earlier one."""
        start = self.week_start - weeks_ago * WEEK
        return target_minutes(self.required_minutes, start, started_on=self.started_on, ended_on=self.ended_on)

    @property
    def idle_days(self) -> int:
        """Days without activity up to the check."""
        return idle_days(self.last_activity_on, self.started_on, self.checked_on)


@dataclass(frozen=True, slots=True)
class Finding:
    """Why an alert is due."""

    severity: str
    rule: str
    message: str


def judge(kind: Kind, progress: Progress) -> Finding | None:
    """What the check finds, or None where the student is on track, or nothing is asked of the week."""
    if progress.week_minutes >= progress.target():
        return None
    return _midweek(progress) if kind == "midweek" else _weekly(progress)


def _midweek(progress: Progress) -> Finding | None:
    wednesday = progress.week_start + timedelta(days=2)
    begun = counted_days(progress.week_start, wednesday, started_on=progress.started_on, ended_on=progress.ended_on)
    if not begun or 2 * progress.logged > progress.target():
        return None
    target = hours_text(progress.target())
    message = f"{hours_text(progress.logged)} of {target} hours. Target by Sunday: {target} hours."
    rule = "By Wednesday at most half of the week's target is logged"
    return (
        Finding("low", f"{rule}, but some hours are", message)
        if progress.logged
        else Finding("medium", f"{rule}, and none at all", message)
    )


def _weekly(progress: Progress) -> Finding:
    idle, threshold, none = progress.idle_days, progress.inactivity_days_threshold, progress.logged == 0
    message = f"{hours_text(progress.logged)} of {hours_text(progress.target())} hours this week."
    if none:
        message += f" {idle} days without hours."
    rule = "The week's total is below its target"
    if all(total < progress.target(ago) for ago, total in enumerate(progress.before, start=1)):
        return Finding("critical", f"{rule} in the third week in a row", f"{message} Third week in a row below the target.")
    if idle >= 2 * threshold:
        return Finding("critical", f"{rule}, with {idle} idle days, twice the threshold of {threshold} or more", message)
    if none and idle >= threshold:
        return Finding("high", f"{rule}, without any hours, and {idle} idle days reach the threshold of {threshold}", message)
    if none:
        return Finding("medium", f"{rule}, without any hours", message)
    return Finding("low", f"{rule}, but some hours are logged", message)


def step(open_severity: str | None, found: Finding) -> Literal["raise", "rise", "stay"]:
    """What becomes of an enrollment's alert of that type and week: severity can rise, never fall (SPEC 3.3)."""
    if open_severity is None:
        return "raise"
    return "rise" if SEVERITIES.index(found.severity) > SEVERITIES.index(open_severity) else "stay"


def settled(status: str, resolution: str | None, total: int, target: int) -> Literal["resolve", "reopen", "stay"]:
    """What hours that came or went do to an hours alert of their week (SPEC 3.3, auto-resolve)."""
    if status == "open":
        return "resolve" if total >= target else "stay"
    return "reopen" if resolution == TARGET_REACHED and total < target else "stay"
