"""Reading the weekly rates of a cohort or a program."""

from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.disclosures import disclose
from chassis.pagination import Paging

from compliance.domain.rates import NobodyThere, Rate
from compliance.domain.weeks import WEEK, week_of
from compliance.queries.dashboard import PLACE

SPAN = f"""with {PLACE}
 select min(e.started_on) as first, max(p.present) as last
 from enrollment e join place p using (program_id) where {{which}} and e.started_on <= p.today"""
RATES = f"""
with {PLACE}, chosen as materialized (
  select e.enrollment_id, e.student_id, e.started_on, e.ended_on, p.today, p.present
  from enrollment e join place p using (program_id) where {{which}} and e.started_on <= p.today
), off as materialized (
  select l.enrollment_id, range_agg(daterange(l.first_on, l.last_on, '[]')) as days from leave l
  where l.status = 'approved' and l.enrollment_id in (select enrollment_id from chosen) group by l.enrollment_id
), number as materialized (
  select c.*, s.start as week_start, r.is_self_paced, r.class_days, off.days as off, coalesce(w.minutes, 0) as logged,
    week_target(r.required_minutes_per_week, s.start, c.started_on, c.ended_on, off.days) as target
  from chosen c
  join unnest(cast(:weeks as date[])) s (start)
    on s.start <= c.present and c.started_on <= s.start + 6 and coalesce(c.ended_on, 'infinity') >= s.start
  join requirement r on r.enrollment_id = c.enrollment_id and r.effective_from <= s.start
    and (r.effective_until is null or r.effective_until > s.start)
  left join off on off.enrollment_id = c.enrollment_id
  left join weekly_total w on w.enrollment_id = c.enrollment_id and w.week_start = s.start
), came as (
  select distinct enrollment_id, work_date from counted_hours
  where (student_id, enrollment_id) in (select student_id, enrollment_id from number where not is_self_paced)
    and work_date between (select min(week_start) from number) and (select max(week_start) + 6 from number)
  union
  -- Of detached years it was kept on which days somebody came.
  select w.enrollment_id, w.week_start + d.day - 1 from weekly_total w cross join unnest(w.days) d (day)
  where w.enrollment_id in (select enrollment_id from number where not is_self_paced)
    and w.week_start between (select min(week_start) from number) and (select max(week_start) from number)
), class as (
  select n.enrollment_id, n.week_start, cast(count(came.work_date) as numeric) / count(*) as share
  from number n cross join lateral (select n.week_start + i - 1 as day, i from unnest(n.class_days) i) d
  left join came on came.enrollment_id = n.enrollment_id and came.work_date = d.day
  where not n.is_self_paced and d.day between n.started_on and least(n.today, coalesce(n.ended_on, 'infinity'))
    and not coalesce(n.off @> d.day, false)
  group by n.enrollment_id, n.week_start
)
select n.week_start, count(*) as enrollments, array_agg(n.student_id) as student_ids,
  count(*) filter (where n.target = 0) as excused,
  count(*) filter (where n.target > 0 and n.logged >= n.target) as met,
  count(*) filter (where n.logged < n.target and n.today < n.week_start + 7) as open,
  count(*) filter (where n.logged < n.target and n.today >= n.week_start + 7) as missed,
  avg(case when not n.is_self_paced then class.share when n.target > 0 then least(n.logged, n.target)::numeric / n.target end) as attendance
from number n left join class using (enrollment_id, week_start)
group by n.week_start order by n.week_start desc"""


async def rates(tx: Transaction, program_id: UUID, cohort_id: UUID | None, paging: Paging, now: datetime) -> list[Rate]:
    """The weeks of those whom the one who asks may see, newest first; one more than the page holds. Raises NobodyThere."""
    which = "e.program_id = :program_id" + (" and e.cohort_id = :cohort_id" if cohort_id else "")
    about = {"program_id": program_id, "now": now, "week": None} | ({"cohort_id": cohort_id} if cohort_id else {})
    span: Any = await tx.first(SPAN.format(which=which), about)
    if span.first is None:
        raise NobodyThere("Nobody whom you may see has begun there. Look up the program or the cohort.")
    before = paging.values(date.fromisoformat)
    last, first = min(span.last, before[0] - WEEK) if before else span.last, week_of(span.first)
    weeks = [last - n * WEEK for n in range(min(paging.limit + 1, (last - first) // WEEK + 1))]
    rows = await tx.all(RATES.format(which=which), {**about, "weeks": weeks})
    disclose(tx, {student_id for row in rows for student_id in row.student_ids})
    return [_rate(row) for row in rows]


def _rate(row: Any) -> Rate:
    attendance = None if row.attendance is None else Fraction(row.attendance)
    return Rate(row.week_start, row.enrollments, row.met, row.missed, row.excused, row.open, attendance)
