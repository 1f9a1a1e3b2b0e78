"""The story's calendar: the two full weeks before this one, in New York."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = "America/New_York"


def monday(weeks_ago: int) -> date:
    """The Monday so many weeks before the present week."""
    today = datetime.now(ZoneInfo(ZONE)).date()
    return today - timedelta(days=today.weekday(), weeks=weeks_ago)


FIRST, SECOND = monday(2), monday(1)


def day(week: date, name: str) -> str:
    """A day of a week as ISO date, e.g. `day(FIRST, "wed")`."""
    return (week + timedelta(days=("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(name))).isoformat()
