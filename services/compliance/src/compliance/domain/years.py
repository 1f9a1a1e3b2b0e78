"""Years of the ledger: ISO years, so of whole weeks. Old ones can be detached, and attached again (SPEC 3.2, decision 19)."""

from collections.abc import Collection
from datetime import date

from chassis.errors import Conflict

WHOLE_YEARS = 1
"""So many years have gone by since a year's end before it can be detached."""


class YearDetached(Conflict):
    """The hours are of a year that is detached: their totals stay, and nothing of them changes."""


class YearNotOver(Conflict):
    """The year is not over, or not for long enough."""


class YearNotKnown(Conflict):
    """The ledger has no such year."""


class YearStillChecked(Conflict):
    """Something of the year is about to be checked."""


def year_of(day: date) -> int:
    """The ISO year: that of the Thursday of the day's week."""
    return day.isocalendar().year


def detached(year: int) -> YearDetached:
    """The refusal of whatever would need the year's hours."""
    sentence = (
        f"The hours of {year} are detached from the ledger: their totals stay, and nothing of them changes. Ask the operator for them."
    )
    return YearDetached(sentence, year=year)


def check_kept(day: date, years: Collection[int]) -> None:
    """Lets a day through whose year is not among the detached `years`. Raises YearDetached."""
    if (year := year_of(day)) in years:
        raise detached(year)


def check_old(year: int, today: date) -> None:
    """Lets a year through that may be detached: by then no check, sync or late correction looks at it. Raises YearNotOver."""
    newest = year_of(today) - 1 - WHOLE_YEARS
    if year > newest:
        raise YearNotOver(
            f"Hours of {year} may still change: a year is detached once it has been over for a year. Name {newest} or before."
        )
