"""Combined progress (SPEC 3.6), computed exactly and rounded once when shown; and what a week is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from zoneinfo import ZoneInfo

SEVERITIES = ("low", "medium", "high", "critical")
"""From least to most."""
HUNDRED = Fraction(100)


@dataclass(frozen=True)
class Course:
    """How far a student is in one course (0 to 100), and the minutes that it takes, which weigh it."""

    percent: Decimal
    minutes: int


@dataclass(frozen=True)
class Skill:
    """How often a student did one practical service with approval, and how often the program asks for it (None: does not count)."""

    approved: int
    quota: int | None


@dataclass(frozen=True)
class Progress:
    """Percentages, unrounded. One is None where the program has nothing to measure it by."""

    theory: Fraction | None
    practical: Fraction | None

    @property
    def overall(self) -> Fraction | None:
        """The mean of theory and practical; where a program has only one of the two, that one."""
        there = [each for each in (self.theory, self.practical) if each is not None]
        return sum(there, Fraction(0)) / len(there) if there else None


def theory(courses: Sequence[Course]) -> Fraction | None:
    """Sum of (course percent x course hours) / sum of course hours."""
    weight = sum(course.minutes for course in courses)
    if weight == 0:
        return None
    return sum((Fraction(course.percent) * course.minutes for course in courses), Fraction(0)) / weight


def practical(skills: Sequence[Skill]) -> Fraction | None:
    """Sum over skills of min(approved, quota) / sum of quotas, in percent."""
    asked = [skill for skill in skills if skill.quota]
    if not asked:
        return None
    return HUNDRED * sum(min(skill.approved, skill.quota or 0) for skill in asked) / sum(skill.quota or 0 for skill in asked)


def share(skill: Skill) -> Fraction | None:
    """How much of one skill's quota is done, in percent, at most 100; None where there is no quota."""
    return practical([skill])


def shown(percent: Fraction | Decimal | None) -> int:
    """As people see it: whole percent, half to even; nothing to measure shows as 0."""
    return round(Fraction(percent)) if percent is not None else 0


def exact(percent: Fraction | None) -> Decimal | None:
    """As machines get it: a decimal of at most 28 significant digits."""
    if percent is None:
        return None
    with localcontext(prec=28):
        return Decimal(percent.numerator) / Decimal(percent.denominator)


def local(now: datetime, zone: str) -> datetime:
    """An instant as the clock shows it in an IANA zone."""
    return now.astimezone(ZoneInfo(zone))


def week_start(day: date) -> date:
    """The Monday of the day's week (SPEC 3.1)."""
    return day - timedelta(days=day.weekday())


def hours(minutes: int) -> str:
    """Minutes as decimal hours with two places, half to even: 90 is `1.50`."""
    return str((Decimal(minutes) / 60).quantize(Decimal("0.01")))
