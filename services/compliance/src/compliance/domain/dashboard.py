"""The weekly dashboard: how a student's week stands, in the words of those who look (SPEC 3.3, views)."""

from datetime import date
from enum import StrEnum

from compliance.domain.requirements import NotAMonday
from compliance.domain.weeks import week_of


class Standing(StrEnum):
    """How an enrollment's week stands.

    On leave: today, or through all of a week that is over. On track: what the week asks for is logged. What is left is behind with some
    hours, without activity with none.
    """

    ON_TRACK = "on_track"
    BEHIND = "behind"
    NO_ACTIVITY = "no_activity"
    ON_LEAVE = "on_leave"

    @property
    def label(self) -> str:
        """As it is written in a sheet, e.g. `On Track`."""
        return self.value.replace("_", " ").title()


def week_asked(day: date | None) -> date | None:
    """The week that is asked for; None is the present one. Raises NotAMonday."""
    if day and day != week_of(day):
        nearest = week_of(day)
        raise NotAMonday(f"Weeks begin on Monday. {day} lies in that of {nearest}.", nearest=nearest.isoformat())
    return day
