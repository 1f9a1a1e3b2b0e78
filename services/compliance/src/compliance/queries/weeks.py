"""Reading weeks: totals against targets."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.database import Transaction
from chassis.disclosures import disclose
from chassis.pagination import Paging

from compliance.domain import weeks
from compliance.domain.hours import EnrollmentNotKnown

SELECT = """select e.student_id, e.started_on, e.ended_on, p.time_zone from enrollment e
 join program p using (program_id) where e.enrollment_id = :id"""
WEEKS = """select cast(d as date) as week_start, coalesce(w.minutes, 0) as logged, r.required_minutes_per_week as required,
   week_target(r.required_minutes_per_week, cast(d as date), e.started_on, e.ended_on, off.days) as target,
   counted_days(cast(d as date), cast(d as date) + 6, e.started_on, e.ended_on, off.days) as counted_days,
   w.result, w.met_in_a_row, w.missed_in_a_row
 from generate_series(cast(:first as timestamp), cast(:last as timestamp), interval '7 days') d
 join enrollment e on e.enrollment_id = :id
 cross join lateral (select leave_of(e.enrollment_id) as days) off
 join requirement r on r.enrollment_id = :id and r.effective_from <= d and (r.effective_until is null or r.effective_until > d)
 left join weekly_total w on w.enrollment_id = :id and w.week_start = cast(d as date)
 where cast(d as date) < coalesce(cast(:before as date), 'infinity')
 order by d desc limit :n"""


@dataclass(frozen=True, slots=True)
class Week:
    """One week of an enrollment. `result` and the streaks up to it are None until it is closed."""

    week_start: date
    required_minutes: int
    target_minutes: int
    logged_minutes: int
    counted_days: int
    status: str
    result: str | None
    met_in_a_row: int | None
    missed_in_a_row: int | None


async def weeks_of(tx: Transaction, enrollment_id: UUID, paging: Paging, now: datetime) -> list[Week]:
    """The weeks from the enrollment's first to the present one (or its last), newest first. Raises EnrollmentNotKnown."""
    e = await tx.first(SELECT, {"id": enrollment_id})
    if e is None:
        raise EnrollmentNotKnown("There is no such enrollment here. If it was made just now, try again in a moment.")
    disclose(tx, [e.student_id])
    today = now.astimezone(ZoneInfo(e.time_zone)).date()
    last = min(today, e.ended_on) if e.ended_on else today
    before = paging.values(date.fromisoformat)
    bounds = {"first": weeks.week_of(e.started_on), "last": weeks.week_of(last), "before": before[0] if before else None}
    rows = await tx.all(WEEKS, {"id": enrollment_id, "n": paging.limit + 1, **bounds})
    found = []
    for row in rows:
        status = weeks.week_status(row.logged, row.target, row.week_start, today)
        closed = (row.result, row.met_in_a_row, row.missed_in_a_row)
        found.append(Week(row.week_start, row.required, row.target, row.logged, row.counted_days, status, *closed))
    return found
