"""The midweek, the weekly and the inactivity check: who is behind, how badly, and in which words (SPEC 3.3).

The one place that decides severity. Scans evaluate the same rules set by set in SQL (`queries/judging.py`), with the texts of `RULES`;
a property test holds the two together.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from chassis.errors import Conflict, NotFound

from compliance.domain.weeks import hours_text

Kind = Literal["midweek", "weekly", "inactivity"]
ALERT_TYPE: dict[str, str] = {"midweek": "midweek_progress", "weekly": "weekly_hours_check", "inactivity": "inactivity_check"}
SEVERITIES = ("low", "medium", "high", "critical")
TARGET_REACHED, ACTIVE_AGAIN, EXCUSED = "target-reached", "activity", "excused"
"""Why alerts resolve by themselves; they reopen when that goes away again."""
SUPERSEDED, ENROLLMENT_ENDED, BY_HAND = "superseded", "enrollment-ended", "by-hand"
"""Why alerts are resolved for good."""
REOPENING = (TARGET_REACHED, ACTIVE_AGAIN, EXCUSED)


class AlertNotKnown(NotFound):
    """There is no such alert, or none that the one who asks may see."""


class AlertAlreadyResolved(Conflict):
    """The alert is resolved; `resolution` says how."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One enrollment's numbers at a check, from `domain.weeks` or the SQL functions that equal it.

    `logged` and `last_activity_on` know the entries dated up to `checked_on`, `week_minutes` all of the week, and `active_since` whether
    any is dated later. `begun`: days from Monday to the check that count. `missed_before`: how many weeks up to the last one closed as
    missed in a row, excused ones passed over. `weekly_ran`: this week's weekly check was there already.
    """

    week_start: date
    checked_on: date
    required_minutes: int
    threshold: int
    target: int
    begun: int
    logged: int
    week_minutes: int
    last_activity_on: date | None
    idle_days: int
    missed_before: int = 0
    on_leave: bool = False
    active_since: bool = False
    weekly_ran: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the rules; `{logged}`, `{target}` (hours), `{idle}`, `{threshold}` (days) are filled in."""

    severity: str
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Why an alert is due."""

    severity: str
    rule: str
    message: str


_HALF = "By Wednesday at most half of the week's target is logged"
_SO_FAR = "{logged} of {target} hours. Target by Sunday: {target} hours."
_BELOW = "The week's total is below its target"
_TWICE = f"{_BELOW}, with {{idle}} idle days, twice the threshold of {{threshold}} or more"
_SOME = "{logged} of {target} hours this week."
_NONE = f"{_SOME} {{idle}} days without hours."
_THIRD = "Third week in a row below the target."
RULES: dict[str, dict[str, Rule]] = {
    "midweek": {
        "some": Rule("low", f"{_HALF}, but some hours are", _SO_FAR),
        "none": Rule("medium", f"{_HALF}, and none at all", _SO_FAR),
    },
    "weekly": {
        "some": Rule("low", f"{_BELOW}, but some hours are logged", _SOME),
        "none": Rule("medium", f"{_BELOW}, without any hours", _NONE),
        "idle": Rule("high", f"{_BELOW}, without any hours, and {{idle}} idle days reach the threshold of {{threshold}}", _NONE),
        "twice-some": Rule("critical", _TWICE, _SOME),
        "twice-none": Rule("critical", _TWICE, _NONE),
        "third-some": Rule("critical", f"{_BELOW} in the third week in a row", f"{_SOME} {_THIRD}"),
        "third-none": Rule("critical", f"{_BELOW} in the third week in a row", f"{_NONE} {_THIRD}"),
    },
    "inactivity": {
        "idle": Rule("high", "{idle} idle days reach the threshold of {threshold}", "{idle} days without hours."),
        "twice": Rule("critical", "{idle} idle days are twice the threshold of {threshold} or more", "{idle} days without hours."),
    },
}


def rule_of(kind: Kind, progress: Progress) -> str | None:
    """Which row of `RULES[kind]` fits, the most severe first; None where nothing is amiss, or nothing is asked."""
    if kind == "inactivity":
        return _inactivity(progress)
    if progress.week_minutes >= progress.target:
        return None
    return _midweek(progress) if kind == "midweek" else _weekly(progress)


def _midweek(progress: Progress) -> str | None:
    if progress.weekly_ran or not progress.begun or 2 * progress.logged > progress.target:
        return None
    return "some" if progress.logged else "none"


def _weekly(progress: Progress) -> str:
    some = "some" if progress.logged else "none"
    if progress.missed_before >= 2:
        return f"third-{some}"
    if progress.idle_days >= 2 * progress.threshold:
        return f"twice-{some}"
    return "idle" if some == "none" and progress.idle_days >= progress.threshold else some


def _inactivity(progress: Progress) -> str | None:
    if progress.on_leave or progress.active_since or progress.idle_days < progress.threshold:
        return None
    return "twice" if progress.idle_days >= 2 * progress.threshold else "idle"


def judge(kind: Kind, progress: Progress) -> Finding | None:
    """What the check finds, in words; None where nothing is amiss."""
    key = rule_of(kind, progress)
    if key is None:
        return None
    found = RULES[kind][key]
    hours = {"logged": hours_text(progress.logged), "target": hours_text(progress.target)}
    filled = hours | {"idle": progress.idle_days, "threshold": progress.threshold}
    return Finding(found.severity, found.rule.format(**filled), found.message.format(**filled))


def settled(status: str, resolution: str | None, due: bool) -> Literal["resolve", "reopen", "stay"]:
    """What becomes of an alert when hours, days or requirements changed; `due`: whether its reason still holds (SPEC 3.3, auto-resolve)."""
    if status == "open":
        return "stay" if due else "resolve"
    return "reopen" if due and resolution in REOPENING else "stay"
