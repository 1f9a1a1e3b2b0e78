"""The hour ledger behind every door: rows that came as events, and the weekly totals kept with each row (SPEC 3.2)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from contracts.hours import HoursLogged, HoursVoided

from compliance.commands.alerts import Week, settle
from compliance.queries.counting import OF_SUBMITTED, count
from compliance.queries.years import ATTACHED

LOCK = """insert into student_ledger (student_id) select distinct id from unnest(cast(:ids as uuid[])) as t (id) order by id
 on conflict (student_id) do update set version = student_ledger.version + 1"""
KEEP = """insert into hour_entry (log_id, revision, enrollment_id, student_id, work_date, minutes, category, source, status, logged_by,
   external_key, reason)
 select t.* from unnest($1::uuid[], $2::int[], $3::uuid[], $4::uuid[], $5::date[], $6::int[], $7::text[], $8::text[], $9::text[],
   $10::uuid[], $11::text[], $12::text[]) as t (log_id, revision)
 where not exists (select from hour_revision h where h.log_id = t.log_id and h.revision >= t.revision)"""
COLUMNS = (
    "log_id", "revision", "enrollment_id", "student_id", "work_date", "minutes", "category", "source", "status", "logged_by",
    "external_key", "reason",
)  # fmt: skip
TOUCHED = "select distinct enrollment_id, week_start(work_date) as week_start from hour_revision where log_id = any(:ids)"
"""The weeks of every revision. `hour_entry` would be asked in each of its years."""
WEEKS = """select h.week_start from enrollment e join hour_entry h using (student_id, enrollment_id) where enrollment_id = :id
 union select week_start from weekly_total where enrollment_id = :id union select week_start from alert where enrollment_id = :id"""
PROGRAM_WEEKS = """select enrollment_id, week_start from weekly_total join enrollment using (enrollment_id) where program_id = :id
 order by enrollment_id, week_start"""
AT_ONCE = 5000
RECOUNT = f"""
with week as (
  select distinct e.enrollment_id, e.student_id, t.week_start
  from unnest(cast(:enrollments as uuid[]), cast(:weeks as date[])) as t (enrollment_id, week_start) join enrollment e using (enrollment_id)
  where {ATTACHED.format("t.week_start")}
), near as materialized (
  -- One look at the index for each week, whatever the planner thinks of the policies: `offset 0` keeps it from joining otherwise.
  select h.* from (select distinct student_id, week_start from week) w
  cross join lateral (select n.* from newest_hours n
    where n.student_id = w.student_id and n.work_date between w.week_start and w.week_start + 6 offset 0) h
), {count("counted", "near", OF_SUBMITTED)},
flagged as (
  insert into hour_flag as f (log_id, enrollment_id, student_id, work_date, over_minutes, double_credit)
  select log_id, enrollment_id, student_id, work_date, minutes - counted_minutes, double_credit from counted
   where minutes > counted_minutes or double_credit
  on conflict (log_id) do update set work_date = excluded.work_date, over_minutes = excluded.over_minutes,
    double_credit = excluded.double_credit
   where (f.work_date, f.over_minutes, f.double_credit) <> (excluded.work_date, excluded.over_minutes, excluded.double_credit)
), cleared as (
  update hour_flag f set over_minutes = 0, double_credit = false from (select distinct student_id, week_start from week) w
   where f.student_id = w.student_id and f.work_date between w.week_start and w.week_start + 6 and (f.over_minutes > 0 or f.double_credit)
     and not exists (select from counted c where c.log_id = f.log_id and (c.minutes > c.counted_minutes or c.double_credit))
), total as (
  select w.enrollment_id, w.week_start, w.student_id, coalesce(sum(c.counted_minutes), 0) as minutes, count(c.log_id) as entries,
    max(c.work_date) as last_activity_on
  from week w left join counted c on c.enrollment_id = w.enrollment_id and c.week_start = w.week_start and c.counted_minutes > 0
  group by w.enrollment_id, w.week_start, w.student_id
), known as (
  -- Whoever writes a week holds its student's ledger: none can come between, and a row that is not locked first costs half as much.
  update weekly_total w set minutes = t.minutes, entries = t.entries, last_activity_on = t.last_activity_on
  from total t where w.enrollment_id = t.enrollment_id and w.week_start = t.week_start
  returning w.enrollment_id, w.week_start, new.minutes < old.minutes as fell
), made as (
  insert into weekly_total (enrollment_id, week_start, student_id, minutes, entries, last_activity_on)
  select t.enrollment_id, t.week_start, t.student_id, t.minutes, t.entries, t.last_activity_on
  from total t left join known k on k.enrollment_id = t.enrollment_id and k.week_start = t.week_start where k.enrollment_id is null
)
select enrollment_id, week_start from known where fell"""
ON_MILADY = "insert into milady_enrollment select distinct id from unnest(cast(:ids as uuid[])) as t (id) on conflict do nothing"
"""Notes enrollments that depend on Milady's data."""


async def lock_ledgers(tx: Transaction, student_ids: Iterable[UUID]) -> None:
    """Locks the students' ledgers, makes those that are new, and tells waiting statements that something changed."""
    await tx.execute(LOCK, {"ids": list(student_ids)})


async def bump(tx: Transaction, student_ids: Iterable[UUID]) -> None:
    """Tells statements that wait for the ledgers, which are locked, that something changed."""
    await tx.execute("update student_ledger set version = version + 1 where student_id = any(:ids)", {"ids": list(student_ids)})


async def recount(tx: Transaction, weeks: Sequence[Week], now: datetime) -> None:
    """Counts the weeks anew from the ledger, with their flags, and settles their alerts. The students' ledgers are locked.

    Weeks of detached years keep what was counted: their hours are not there.
    """
    rows = await tx.all(RECOUNT, {"enrollments": [week[0] for week in weeks], "weeks": [week[1] for week in weeks]})
    await settle(tx, weeks, now, worse=[(row.enrollment_id, row.week_start) for row in rows])


async def recount_enrollment(tx: Transaction, enrollment_id: UUID, now: datetime) -> None:
    """Adds up every week of an enrollment that came or changed, also from ledger rows that came before it."""
    rows = await tx.all(WEEKS, {"id": enrollment_id})
    await recount(tx, [(enrollment_id, row.week_start) for row in rows], now)


async def recount_program(tx: Transaction, program_id: UUID, now: datetime) -> None:
    """Adds up every week of a program whose counting rules came or changed."""
    students = await tx.all("select distinct student_id from enrollment where program_id = :id", {"id": program_id})
    await lock_ledgers(tx, [row.student_id for row in students])
    weeks = await tx.all(PROGRAM_WEEKS, {"id": program_id})
    for at in range(0, len(weeks), AT_ONCE):
        await recount(tx, [(row.enrollment_id, row.week_start) for row in weeks[at : at + AT_ONCE]], now)


async def keep_hours(tx: Transaction, events: Sequence[HoursLogged | HoursVoided], now: datetime) -> None:
    """Keeps ledger rows that came as events: the newest revision of an entry counts, an older one after it changes nothing."""
    await lock_ledgers(tx, {event.student_id for event in events})
    rows = [_row(event) for event in _rising(events)]
    driver = await tx.driver()
    await driver.execute(KEEP, *([row[name] for row in rows] for name in COLUMNS))
    await tx.execute(ON_MILADY, {"ids": sorted({event.enrollment_id for event in events})})
    touched = await tx.all(TOUCHED, {"ids": [event.log_id for event in events]})
    await recount(tx, [(row.enrollment_id, row.week_start) for row in touched], now)


def _rising(events: Sequence[HoursLogged | HoursVoided]) -> Iterable[HoursLogged | HoursVoided]:
    """Without those that come after a newer revision of their entry in the same batch."""
    newest: dict[UUID, int] = {}
    for event in events:
        if event.revision > newest.get(event.log_id, 0):
            newest[event.log_id] = event.revision
            yield event


def _row(event: HoursLogged | HoursVoided) -> dict[str, Any]:
    told = event.model_dump(mode="python")
    if isinstance(event, HoursVoided):
        told |= {"minutes": 0, "category": None, "status": "voided", "logged_by": None, "external_key": None}
    else:
        told |= {"reason": None, "category": event.category.value, "status": event.status.value}
    return told | {"source": event.source.value}
