"""Requirements: begun from the program's values, changed from a week on, never for a past one (SPEC 3.3)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.requirements import RequirementChanged

from compliance.commands.alerts import settle
from compliance.domain.requirements import check_seen, effective_week
from compliance.domain.weeks import week_of
from compliance.queries import requirements as queries

BEGIN = """insert into requirement as r (enrollment_id, revision, student_id, effective_from, required_minutes_per_week,
   inactivity_days_threshold)
 select e.enrollment_id, 1, e.student_id, date_trunc('week', e.started_on), p.required_minutes_per_week, p.inactivity_days_threshold
 from enrollment e join program p using (program_id) where e.enrollment_id = :enrollment_id or e.program_id = :program_id
   and not exists (select from requirement h where h.enrollment_id = e.enrollment_id)
 on conflict (enrollment_id, revision) do update
   set student_id = excluded.student_id, effective_from = least(r.effective_from, excluded.effective_from)
 returning r.enrollment_id"""
VALUES = ("required_minutes_per_week", "inactivity_days_threshold", "is_self_paced", "class_days")
CHANGE = """
with span as (
  select enrollment_id, max(revision) as newest, greatest(cast(:week as date), min(effective_from)) as from_week
  from requirement where enrollment_id = any(:ids) group by enrollment_id
), held as (
  select r.*, s.newest, s.from_week from requirement r join span s using (enrollment_id)
  where r.effective_from <= s.from_week and (r.effective_until is null or r.effective_until > s.from_week)
), changed as (
  select h.enrollment_id, h.newest + 1 as revision, h.student_id, h.from_week as effective_from,
    coalesce(cast(:required_minutes_per_week as int), h.required_minutes_per_week) as required_minutes_per_week,
    coalesce(cast(:inactivity_days_threshold as int), h.inactivity_days_threshold) as inactivity_days_threshold,
    coalesce(cast(:is_self_paced as boolean), h.is_self_paced) as is_self_paced,
    coalesce(cast(:class_days as smallint[]), h.class_days) as class_days
  from held h
), added as (
  insert into requirement (enrollment_id, revision, student_id, effective_from, required_minutes_per_week, inactivity_days_threshold,
    is_self_paced, class_days, set_by)
  select c.enrollment_id, c.revision, c.student_id, c.effective_from, c.required_minutes_per_week, c.inactivity_days_threshold,
    c.is_self_paced, c.class_days, :by
  from changed c join held h using (enrollment_id)
  where (c.required_minutes_per_week, c.inactivity_days_threshold, c.is_self_paced, c.class_days)
    <> (h.required_minutes_per_week, h.inactivity_days_threshold, h.is_self_paced, h.class_days)
  returning *
)
select a.*, e.program_id, h.required_minutes_per_week as was_required_minutes_per_week,
  h.inactivity_days_threshold as was_inactivity_days_threshold, h.is_self_paced as was_is_self_paced, h.class_days as was_class_days
from added a join held h using (enrollment_id) join enrollment e using (enrollment_id) order by a.enrollment_id"""
SPANS = """update requirement r set effective_until = n.until
 from (select enrollment_id, revision, lead(effective_from) over (partition by enrollment_id order by effective_from, revision) as until
        from requirement where enrollment_id = any(:ids)) n
 where r.enrollment_id = n.enrollment_id and r.revision = n.revision and r.effective_until is distinct from n.until"""


async def begin(tx: Transaction, *, enrollment_id: UUID | None = None, program_id: UUID | None = None) -> list[UUID]:
    """Gives an enrollment, or those of a program that came before it, what their program asks for, from the enrollment's first week on.

    Returns whom.
    """
    rows = await tx.all(BEGIN, {"enrollment_id": enrollment_id, "program_id": program_id})
    return [row.enrollment_id for row in rows]


async def change(
    tx: Transaction, enrollment_id: UUID, changes: Mapping[str, Any], asked: date | None, expected: str, now: datetime
) -> None:
    """Changes what is asked of one enrollment.

    Raises EnrollmentNotKnown, RequirementNotKnown, RequirementChanged, NotAMonday or WeekIsOver.
    """
    await queries.lock(tx, [enrollment_id])
    found = await queries.history(tx, enrollment_id)
    check_seen(found[0].revision, expected)
    today = await queries.today(tx, enrollment_id, now)
    await _change(tx, [enrollment_id], changes, effective_week(asked, today), now, settled=week_of(today))


async def change_all(
    tx: Transaction, changes: Mapping[str, Any], asked: date | None, now: datetime, *, program_id: UUID | None, cohort_id: UUID | None
) -> tuple[int, int, date]:
    """The same of every enrollment that goes on in a program or a cohort; gives how many there are, how many changed, and from when on."""
    ids, today = await queries.of_all(tx, program_id=program_id, cohort_id=cohort_id, now=now)
    week = effective_week(asked, today)
    await queries.lock(tx, ids)
    return len(ids), await _change(tx, ids, changes, week, now, settled=week_of(today)), week


async def _change(tx: Transaction, ids: Sequence[UUID], changes: Mapping[str, Any], week: date, now: datetime, *, settled: date) -> int:
    """One revision for each that asks for something else in that week, in one statement; the present week's alerts follow."""
    asked = {**dict.fromkeys(VALUES), **changes}
    rows = await tx.all(CHANGE, {**asked, "ids": list(ids), "week": week, "by": tx.principal.user_id})
    changed = [row.enrollment_id for row in rows]
    await tx.execute(SPANS, {"ids": changed})
    for row in rows:
        told = {name: getattr(row, name) for name in (*VALUES, "enrollment_id", "revision", "student_id", "program_id", "effective_from")}
        publish(tx, RequirementChanged(**told, changed_by=row.set_by))
        was = {name: getattr(row, f"was_{name}") for name in VALUES}
        becomes = {name: getattr(row, name) for name in (*VALUES, "effective_from")}
        about = {"subject_id": row.student_id, "before": was, "after": becomes}
        audit.record(tx, "requirement.change", "requirement", row.enrollment_id, **about)
    if week == settled:
        weeks = [(enrollment_id, week) for enrollment_id in changed]
        await settle(tx, weeks, now, worse=weeks)
    return len(changed)
