"""Reading weeks: totals against targets."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.database import Transaction
from chassis.pagination import Paging

from compliance.domain import weeks
from compliance.domain.hours import EnrollmentNotKnown

SELECT = """select e.started_on, e.ended_on, p.time_zone, p.required_minutes_per_week from enrollment e
 join program p using (program_id) where e.enrollment_id = :id"""
WEEKS = """select cast(d as date) as week_start, coalesce(w.minutes, 0) as logged
 from generate_series(cast(:first as timestamp), cast(:last as timestamp), interval '7 days') d
 left join weekly_total w on w.enrollment_id = :id and w.week_start = cast(d as date)
 where cast(d as date) < coalesce(cast(:before as date), 'infinity')
 order by d desc limit :n"""


@dataclass(frozen=True, slots=True)
class Week:
    """One week of an enrollment."""

    week_start: date
    required_minutes: int
    target_minutes: int
    logged_minutes: int
    status: str


async def weeks_of(tx: Transaction, enrollment_id: UUID, paging: Paging, now: datetime) -> list[Week]:
    """The weeks from the enrollment's first to the present one (or its last), newest first. Raises EnrollmentNotKnown."""
    e = await tx.first(SELECT, {"id": enrollment_id})
    if e is None:
        raise EnrollmentNotKnown("There is no such enrollment here. If it was made just now, try again in a moment.")
    today = now.astimezone(ZoneInfo(e.time_zone)).date()
    last = min(today, e.ended_on) if e.ended_on else today
    before = paging.values(date.fromisoformat)
    bounds = {"first": weeks.week_of(e.started_on), "last": weeks.week_of(last), "before": before[0] if before else None}
    rows = await tx.all(WEEKS, {"id": enrollment_id, "n": paging.limit + 1, **bounds})
    found = []
    for row in rows:
        target = weeks.target_minutes(e.required_minutes_per_week, row.week_start, started_on=e.started_on, ended_on=e.ended_on)
        status = weeks.week_status(row.logged, target, row.week_start, today)
        found.append(Week(row.week_start, e.required_minutes_per_week, target, row.logged, status))
    return found
