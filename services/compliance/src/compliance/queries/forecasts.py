"""Reading what a forecast is made of."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from compliance.domain.forecasts import PACE_WEEKS, Sofar
from compliance.domain.hours import EnrollmentNotActive, EnrollmentNotKnown
from compliance.domain.requirements import RequirementNotKnown
from compliance.domain.weeks import WEEK, week_of
from compliance.queries import leaves

PLACE = """select e.student_id, e.program_id, e.started_on, e.ended_on, e.status, t.today, r.required_minutes_per_week as required,
  p.theory_minutes + p.practical_minutes as total, p.daily_cap_minutes as daily_cap, p.weekly_cap_minutes as weekly_cap,
  (select coalesce(sum(w.minutes), 0)::int from weekly_total w where w.enrollment_id = e.enrollment_id) as done
 from enrollment e
 left join program p using (program_id)
 left join lateral (select cast(cast(:now as timestamptz) at time zone p.time_zone as date) as today) t on true
 left join requirement r on r.enrollment_id = e.enrollment_id and r.effective_from <= greatest(t.today, e.started_on)
   and (r.effective_until is null or r.effective_until > greatest(t.today, e.started_on))
 where e.enrollment_id = :id"""
WEEKS = "select week_start, minutes from weekly_total where enrollment_id = :id and week_start between :first and :last"
DAYS = """select work_date, sum(minutes) filter (where status <> 'rejected')::int as minutes,
  coalesce(sum(counted_minutes) filter (where enrollment_id = :id), 0)::int as counted
 from current_hours where student_id = :student_id and work_date between :first and :last group by work_date"""


async def sofar(tx: Transaction, enrollment_id: UUID, now: datetime) -> tuple[Any, Sofar]:
    """The enrollment, and it up to now. Raises EnrollmentNotKnown, RequirementNotKnown or EnrollmentNotActive."""
    e: Any = await tx.first(PLACE, {"id": enrollment_id, "now": now})
    if e is None:
        raise EnrollmentNotKnown("There is no such enrollment here. If it was made just now, try again in a moment.")
    if e.required is None:
        raise RequirementNotKnown("The program of this enrollment has not arrived here yet. Try again in a moment.")
    if e.status != "active":
        raise EnrollmentNotActive(f"This enrollment is {e.status}: nothing of it lies ahead.")
    week = week_of(e.today)
    span = {"id": enrollment_id, "first": week - PACE_WEEKS * WEEK, "last": week}
    minutes = {row.week_start: row.minutes for row in await tx.all(WEEKS, span)}
    ahead = {"id": enrollment_id, "student_id": e.student_id, "first": e.today, "last": week + timedelta(days=6)}
    days = await tx.all(DAYS, ahead)
    away = [(each.first_on, each.last_on) for each in await leaves.of_enrollment(tx, enrollment_id) if each.status == "approved"]
    return e, Sofar(
        e.today, e.started_on, e.ended_on, e.required, away, minutes, e.done, e.total,
        {row.work_date: row.minutes or 0 for row in days}, {row.work_date: row.counted for row in days}, e.daily_cap, e.weekly_cap,
    )  # fmt: skip
