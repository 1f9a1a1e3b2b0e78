"""A check of some enrollments as of a day, in one statement: alerts raised and risen with what explains them, events and audit entries
in the same breath, midweek alerts superseded, and what stands on too old data held (SPEC 3.3).

Nothing is judged here: `queries.judging` does, by the domain's rules. The students' ledgers are locked.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from contracts.alerts import AlertRaised, AlertResolved

from compliance.commands import telling
from compliance.domain.alerts import SUPERSEDED
from compliance.queries import judging

# Of the runs that read the enrollment the newest: the first one in each index that did not fail for it.
AS_OF = """select max(x.as_of) as as_of from (
   (select s.as_of from sync_run s where s.scope_kind = 'all' and not p.enrollment_id = any(s.failed) order by s.as_of desc limit 1)
   union all (select s.as_of from sync_run s where s.scope_kind = 'program' and s.scope_id = p.program_id
     and not p.enrollment_id = any(s.failed) order by s.as_of desc limit 1)
   union all (select s.as_of from sync_run s where s.scope_kind = 'enrollment' and s.scope_id = p.enrollment_id
     and not p.enrollment_id = any(s.failed) order by s.as_of desc limit 1)) x"""
OF_WEEK = " and a.week_start = cast(:week as date)"
PLACES = {"midweek": (OF_WEEK, "true"), "weekly": (OF_WEEK, "true"), "inactivity": ("", "a.status = 'open'")}
"""Of an enrollment's alerts of that type the one that a finding is about, if there is one: by its week, or because it is open."""
# Whoever resolved it by hand knows of this silence; it is spoken of again when it gets worse.
SILENCED = """ and not exists (select from alert s where s.enrollment_id = p.enrollment_id and s.alert_type = 'inactivity_check'
     and s.resolution = 'by-hand' and s.rank >= p.rank
     and (s.explanation ->> 'last_activity_on')::date is not distinct from p.last_activity_on)"""
EXPLANATION = """jsonb_build_object('rule', p.rule, 'required_minutes', p.required, 'target_minutes', p.target, 'logged_minutes', p.logged,
     'idle_days', p.idle, 'last_activity_on', p.last_activity_on, 'checked_on', cast(:day as date), 'data_as_of', p.as_of,
     'counted', coalesce(case when p.logged > 0 then counted.entries end, '[]'))"""
CHECK = """with {found}, placed as materialized (
  select p.*, a.alert_id, a.status, fresh.as_of,
    m.enrollment_id is not null and coalesce(fresh.as_of < cast(:fresh_from as timestamptz), true) as stale,
    a.alert_id is null{silenced} or a.status = 'open' and a.rank < p.rank as due
  from found p
  -- One look at the enrollment's own index for each: nobody has counted the alerts of a new week yet, and a plan that expects none goes
  -- through all of them for each enrollment. `offset 0` keeps it from joining otherwise, and `status` from the indexes of what is open.
  left join lateral (
    select a.alert_id, a.status, a.rank from alert a where a.enrollment_id = p.enrollment_id and a.alert_type = :type{of_week} offset 0
  ) a on {open}
  left join milady_enrollment m on m.enrollment_id = p.enrollment_id
  left join lateral ({as_of} where m.enrollment_id is not null) fresh on true
), counted as materialized (
  select h.enrollment_id, jsonb_agg(jsonb_build_object('log_id', h.log_id, 'revision', h.revision, 'work_date', h.work_date,
    'minutes', h.counted_minutes, 'source', h.source) order by h.work_date, h.log_id) as entries from counted_hours h
  where h.student_id = any(array(select student_id from placed where due and not stale and logged > 0))
   and h.work_date between cast(:week as date) and cast(:day as date)
  group by h.enrollment_id
), due as materialized (
  select p.alert_id, p.enrollment_id, p.student_id, p.program_id, p.severity, p.message, {explanation} as explanation
  from placed p left join counted using (enrollment_id) where p.due and not p.stale
), raised as (
  insert into alert (enrollment_id, student_id, program_id, alert_type, week_start, severity, message, explanation, raised_at, escalated_at)
  select enrollment_id, student_id, program_id, :type, cast(:week as date), severity, message, explanation, cast(:now as timestamptz),
    case when severity = 'critical' then cast(:now as timestamptz) end
  from due where alert_id is null order by enrollment_id returning {returned}
), risen as (
  update alert a set severity = d.severity, message = d.message, explanation = d.explanation, revision = a.revision + 1,
    escalated_at = coalesce(a.escalated_at, case when d.severity = 'critical' then cast(:now as timestamptz) end)
  -- Named beside the join as well, for a plan that takes the alerts for few would read all of them.
  from due d where a.alert_id = d.alert_id and a.alert_id = any(array(select alert_id from due where alert_id is not null))
  returning a.*, old.severity as was
), superseded as (
  update alert m set status = 'resolved', revision = m.revision + 1, resolved_at = :now, resolution = :superseded
  from placed p cross join lateral (
    select o.alert_id, o.status from alert o where o.enrollment_id = p.enrollment_id and o.alert_type = 'midweek_progress'
     and o.week_start = cast(:week as date) offset 0) o
  where :type = 'weekly_hours_check' and not p.stale and o.status = 'open' and m.alert_id = o.alert_id returning m.*
), held as (
  insert into held_check (scan_id, enrollment_id, student_id)
  select cast(:scan_id as uuid), enrollment_id, student_id from placed where stale and due on conflict do nothing returning enrollment_id
), told as (
  select {columns}, null as was from raised a union all select {columns}, a.was from risen a
), bumped as (
  update student_ledger l set version = version + 1
  where l.student_id in (select student_id from told union all select student_id from superseded)
), outbox_raised as ({raised_events}), outbox_resolved as ({resolved_events}),
audit_raised as ({raised_entries}), audit_resolved as ({resolved_entries}), digest as (
  insert into digest_due (scan_id, alert_id, student_id)
  select cast(:scan_id as uuid), alert_id, student_id from told on conflict do nothing
)
select (select count(*) from raised) as raised, (select count(*) from risen) as risen,
  (select count(*) from superseded) as superseded, (select count(*) from held) as held,
  (select coalesce(jsonb_object_agg(severity, n), '{{}}') from (select severity, count(*) as n from told group by severity) s) as counts"""
COLUMNS = (
    "alert_id", "revision", "enrollment_id", "student_id", "program_id", "alert_type", "week_start", "severity", "status", "message",
    "explanation", "raised_at", "escalated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """What is checked: the kind, as of which day, for which scan, and how old Milady's data may be at least."""

    scan_id: UUID
    kind: str
    day: date
    fresh_from: datetime
    weekly_ran: bool = False


@dataclass(slots=True)
class Done:
    """How many alerts were raised, risen, superseded and held; `counts`: raised and risen by severity, closed by result."""

    raised: int = 0
    risen: int = 0
    superseded: int = 0
    held: int = 0
    counts: Counter[str] = field(default_factory=Counter)


async def check(tx: Transaction, what: Check, ids: list[UUID], now: datetime) -> Done:
    """Checks the enrollments, those of them that are active on the day."""
    about = {"scan_id": what.scan_id, "fresh_from": what.fresh_from, "superseded": SUPERSEDED, "now": now}
    read = judging.parameters(what.kind, what.day, ids, weekly_ran=what.weekly_ran)
    row: Any = await tx.first(
        statement(what.kind, last_day=what.day.isoweekday() == 7), read | about | telling.who(tx, AlertRaised, AlertResolved)
    )
    return Done(row.raised, row.risen, row.superseded, row.held, Counter(row.counts))


@cache
def statement(kind: str, *, last_day: bool) -> str:
    """The one statement of a check of that kind, on a week's last day or another."""
    raising = "case when a.was is null then 'alert.raise' else 'alert.rise' end"
    before = "case when a.was is not null then jsonb_build_object('severity', a.was) end"
    of_week, open_one = PLACES[kind]
    return CHECK.format(
        found=judging.found(kind, last_day=last_day),
        as_of=AS_OF,
        of_week=of_week,
        open=open_one,
        silenced=SILENCED if kind == "inactivity" else "",
        explanation=EXPLANATION,
        returned=", ".join(COLUMNS),
        columns=", ".join(f"a.{name}" for name in COLUMNS),
        raised_events=telling.events(AlertRaised, telling.ALERT, "told"),
        resolved_events=telling.events(AlertResolved, telling.RESOLVED, "superseded"),
        raised_entries=telling.entries(raising, "alert", "alert_id", before, telling.IS_OPEN, "told"),
        resolved_entries=telling.entries("'alert.resolve'", "alert", "alert_id", telling.WAS_OPEN, telling.IS_RESOLVED, "superseded"),
    )
