"""Week close: fixes each week's result and the streaks, and restates them when hours, leave or days come later (SPEC 3.3)."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from contracts.requirements import WeekClosed

from compliance.commands import telling
from compliance.commands.checks import Done
from compliance.queries.judging import ASKED, IN_WEEK, OFF, TARGET, WEEK

RESULT = "case when {target} = 0 then 'excused' when {minutes} >= {target} then 'met' else 'missed' end"
FIELDS = """'revision', a.revision, 'enrollment_id', a.enrollment_id, 'student_id', a.student_id, 'program_id', a.program_id,
   'week_start', a.week_start, 'result', a.result, 'logged_minutes', a.minutes, 'target_minutes', a.target_minutes,
   'required_minutes', a.required_minutes, 'met_in_a_row', a.met_in_a_row, 'missed_in_a_row', a.missed_in_a_row, 'closed_at', a.closed_at"""
AFTER = """jsonb_build_object('week_start', a.week_start, 'result', a.result, 'logged_minutes', a.minutes, 'target_minutes',
   a.target_minutes)"""
TOLD = f"""outbox_told as ({telling.events(WeekClosed, FIELDS, "told")}),
audit_told as ({telling.entries(":action", "week", "enrollment_id", "cast(null as jsonb)", AFTER, "told")})"""
CLOSE = f"""
with batch as materialized (
  select e.enrollment_id, e.student_id, e.program_id, e.started_on, e.ended_on from enrollment e
  where e.enrollment_id = any(:ids) and {IN_WEEK}
), {OFF}, {ASKED}, {WEEK}, number as (
  select b.*, r.required_minutes_per_week as required, {TARGET} as target, coalesce(w.minutes, 0) as minutes,
    coalesce(last.met_in_a_row, 0) as met, coalesce(last.missed_in_a_row, 0) as missed
  from batch b join asked r using (enrollment_id) left join off using (enrollment_id) left join week w using (enrollment_id)
  left join lateral (
    select t.met_in_a_row, t.missed_in_a_row from weekly_total t
     where t.enrollment_id = b.enrollment_id and t.week_start < cast(:week as date) and t.result is not null
     order by t.week_start desc limit 1) last on true
), judged as (
  select n.*, {RESULT.format(target="n.target", minutes="n.minutes")} as result from number n
), closed as (
  insert into weekly_total as w (enrollment_id, week_start, student_id, minutes, entries, revision, result, target_minutes,
    required_minutes, told_minutes, met_in_a_row, missed_in_a_row, closed_at)
  select enrollment_id, cast(:week as date), student_id, 0, 0, 1, result, target, required, minutes,
    case result when 'met' then met + 1 when 'missed' then 0 else met end,
    case result when 'missed' then missed + 1 when 'met' then 0 else missed end, cast(:now as timestamptz)
  from judged order by enrollment_id
  on conflict (enrollment_id, week_start) do update set revision = w.revision + 1, result = excluded.result,
    target_minutes = excluded.target_minutes, required_minutes = excluded.required_minutes, told_minutes = excluded.told_minutes,
    met_in_a_row = excluded.met_in_a_row, missed_in_a_row = excluded.missed_in_a_row, closed_at = excluded.closed_at
   where w.result is null
  returning w.*
), told as (
  select c.*, b.program_id from closed c join batch b using (enrollment_id)
), bumped as (
  update student_ledger l set version = version + 1 where l.student_id in (select student_id from told)
), {TOLD}
select (select coalesce(jsonb_object_agg(result, n), '{{}}') from (select result, count(*) as n from told group by result) s) as counts,
  array(select t.enrollment_id from told t where exists (select from weekly_total l
    where l.enrollment_id = t.enrollment_id and l.week_start > cast(:week as date) and l.result is not null)) as followed"""
RESTATE = f"""
with given as (
  select t.enrollment_id, t.week_start, e.started_on, e.ended_on, leave_of(e.enrollment_id) as off
  from unnest(cast(:enrollments as uuid[]), cast(:weeks as date[])) as t (enrollment_id, week_start)
  join weekly_total w on w.enrollment_id = t.enrollment_id and w.week_start = t.week_start and w.result is not null
  join enrollment e on e.enrollment_id = t.enrollment_id
), asked as (
  select g.enrollment_id, g.week_start, r.required_minutes_per_week as required,
    week_target(r.required_minutes_per_week, g.week_start, g.started_on, g.ended_on, g.off) as target
  from given g join requirement r on r.enrollment_id = g.enrollment_id and r.effective_from <= g.week_start
   and (r.effective_until is null or r.effective_until > g.week_start)
)
update weekly_total w set revision = w.revision + 1, target_minutes = a.target, required_minutes = a.required, told_minutes = w.minutes,
  result = {RESULT.format(target="a.target", minutes="w.minutes")}
from asked a where w.enrollment_id = a.enrollment_id and w.week_start = a.week_start
 and (w.told_minutes, w.target_minutes, w.result) <> (w.minutes, a.target, {RESULT.format(target="a.target", minutes="w.minutes")})
returning w.enrollment_id, w.week_start, w.result <> old.result as turned"""
# A week that is met begins the missed ones anew, and the other way round; excused ones change nothing.
RESTREAK = """
with marked as (
  select enrollment_id, week_start, result, count(*) filter (where result = 'missed') over w as misses,
    count(*) filter (where result = 'met') over w as meets
  from weekly_total where enrollment_id = any(:ids) and result is not null window w as (partition by enrollment_id order by week_start)
), streak as (
  select enrollment_id, week_start,
    count(*) filter (where result = 'met') over (partition by enrollment_id, misses order by week_start)::int as met,
    count(*) filter (where result = 'missed') over (partition by enrollment_id, meets order by week_start)::int as missed
  from marked
)
update weekly_total w set revision = w.revision + 1, met_in_a_row = s.met, missed_in_a_row = s.missed
from streak s where w.enrollment_id = s.enrollment_id and w.week_start = s.week_start
 and (w.met_in_a_row, w.missed_in_a_row) <> (s.met, s.missed)
returning w.enrollment_id, w.week_start"""
TELL = f"""
with told as (
  select w.*, e.program_id from unnest(cast(:enrollments as uuid[]), cast(:weeks as date[])) as t (enrollment_id, week_start)
  join weekly_total w on w.enrollment_id = t.enrollment_id and w.week_start = t.week_start
  join enrollment e on e.enrollment_id = w.enrollment_id
), {TOLD} select 1"""


async def close(tx: Transaction, week: date, ids: list[UUID], now: datetime) -> Done:
    """Closes the week of the enrollments that lay in it, but for those whose it is already. The students' ledgers are locked."""
    asked = {"ids": ids, "week": week, "now": now, "action": "week.close"}
    row: Any = await tx.first(CLOSE, asked | telling.who(tx, WeekClosed))
    if row.followed:
        await _tell(tx, await _restreak(tx, row.followed))
    return Done(counts=Counter(row.counts))


async def restate(tx: Transaction, weeks: Sequence[tuple[UUID, date]]) -> None:
    """Restates those of the weeks that are closed and came to another total, target or result; the streaks after them follow."""
    given = {"enrollments": [week[0] for week in weeks], "weeks": [week[1] for week in weeks]}
    rows = await tx.all(RESTATE, given)
    touched = {(row.enrollment_id, row.week_start) for row in rows}
    if turned := {row.enrollment_id for row in rows if row.turned}:
        touched |= await _restreak(tx, sorted(turned))
    await _tell(tx, touched)


async def _restreak(tx: Transaction, ids: Sequence[UUID]) -> set[tuple[UUID, date]]:
    return {(row.enrollment_id, row.week_start) for row in await tx.all(RESTREAK, {"ids": list(ids)})}


async def _tell(tx: Transaction, weeks: set[tuple[UUID, date]]) -> None:
    if weeks:
        given = {"enrollments": [week[0] for week in sorted(weeks)], "weeks": [week[1] for week in sorted(weeks)]}
        await tx.execute(TELL, given | {"action": "week.restate"} | telling.who(tx, WeekClosed, keys={week[0] for week in weeks}))
