"""Checks that are made again for some enrollments: where hours or targets got worse after the check ran, and where data was too old."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from compliance.commands import scans
from compliance.commands.checks import AS_OF
from compliance.domain.scans import due_at
from compliance.queries.scans import lock_students

AT_ONCE = 500
SETTLES = timedelta(minutes=1)
"""How long a sync's hours may take to arrive after the word that it ended, which travels on another topic."""
NOTE = """insert into recheck (enrollment_id, week_start, student_id, closing_only)
 select t.enrollment_id, t.week_start, e.student_id, false
 from unnest(cast(:enrollments as uuid[]), cast(:weeks as date[])) as t (enrollment_id, week_start) join enrollment e using (enrollment_id)
 on conflict (enrollment_id, week_start) do update set closing_only = false"""
# Who is enrolled as of an earlier day has weeks behind them that were closed for everyone else.
NOTE_CLOSED = """insert into recheck (enrollment_id, week_start, student_id, closing_only)
 select e.enrollment_id, s.local_date - 7, e.student_id, true
 from enrollment e join program p using (program_id) join scan s on s.kind = 'close' and s.zone = p.time_zone
  and s.local_date > e.started_on and s.local_date - 7 <= coalesce(e.ended_on, 'infinity')
 left join weekly_total w on w.enrollment_id = e.enrollment_id and w.week_start = s.local_date - 7
 where e.enrollment_id = any(:ids) and w.result is null
 on conflict do nothing"""
WAITING = "select enrollment_id, student_id from recheck order by enrollment_id limit :n"
CONCERNED = """join scan s on s.zone = p.time_zone and (
   s.kind in ('midweek', 'weekly') and s.local_date between t.week_start and t.week_start + 6 and not t.closing_only
   or s.kind = 'close' and s.local_date = t.week_start + 7)"""
SCANS = f"""select distinct s.scan_id from recheck t join enrollment e using (enrollment_id) join program p using (program_id) {CONCERNED}
 where t.student_id = any(:ids)"""
LOCK_SCANS = "select from scan where scan_id = any(:ids) order by scan_id for update"
# One that was claimed since is not locked here, and looks at everyone itself.
TAKE = f"""with taken as (delete from recheck where student_id = any(:ids) returning *)
 select t.enrollment_id, s.scan_id from taken t join enrollment e using (enrollment_id) join program p using (program_id) {CONCERNED}
 where s.scan_id = any(:scans) order by t.week_start, s.kind <> 'weekly', s.scan_id, t.enrollment_id"""
HELD = f"""select h.scan_id, h.enrollment_id, h.student_id, s.kind, s.zone, s.local_date, fresh.as_of
 from held_check h join scan s using (scan_id) join enrollment p on p.enrollment_id = h.enrollment_id
 left join lateral ({AS_OF.replace("sync_run s", "(select * from sync_run where received_at <= :settled) s")}) fresh on true
 where not s.running order by h.scan_id, h.enrollment_id"""
LET_GO = "delete from held_check where scan_id = :id and enrollment_id = any(:ids) returning enrollment_id"
LESS = "update scan set held = greatest(0, held - :n) where scan_id = :id"


async def note(tx: Transaction, weeks: Sequence[tuple[UUID, date]]) -> None:
    """Has the checks of the weeks that ran made again for these enrollments. Who acts may be anybody; `recheck` acts as the system."""
    if weeks:
        await tx.execute(NOTE, {"enrollments": [week[0] for week in weeks], "weeks": [week[1] for week in weeks]})


async def note_closed(tx: Transaction, enrollment_ids: Sequence[UUID]) -> None:
    """Has the weeks of enrollments closed that came, or whose program did, after their close."""
    if enrollment_ids:
        await tx.execute(NOTE_CLOSED, {"ids": list(enrollment_ids)})


async def recheck(tx: Transaction, now: datetime, milady_age: timedelta) -> int:
    """Makes the checks again that were noted, for some hundred students at a time. Returns for how many."""
    students = {row.student_id for row in await tx.all(WAITING, {"n": AT_ONCE})}
    if not students:
        return 0
    concerned = [row.scan_id for row in await tx.all(SCANS, {"ids": list(students)})]
    await _lock(tx, concerned, students)
    by_scan: dict[UUID, list[UUID]] = defaultdict(list)
    for row in await tx.all(TAKE, {"ids": list(students), "scans": concerned}):
        by_scan[row.scan_id].append(row.enrollment_id)
    for scan_id, ids in by_scan.items():
        await _again(tx, scan_id, ids, now, milady_age)
    return len(students)


async def release(tx: Transaction, now: datetime, milady_age: timedelta) -> int:
    """Judges what was held as of its scan, where the data is new enough by now. Returns how many enrollments."""
    ready: dict[UUID, list[Any]] = defaultdict(list)
    for row in await tx.all(HELD, {"settled": now - SETTLES}):
        if row.as_of and row.as_of >= due_at(row.kind, row.zone, row.local_date) - milady_age:
            ready[row.scan_id].append(row)
    await _lock(tx, ready, {row.student_id for rows in ready.values() for row in rows})
    released = 0
    for scan_id, rows in ready.items():
        ids = [row.enrollment_id for row in await tx.all(LET_GO, {"id": scan_id, "ids": [row.enrollment_id for row in rows]})]
        await _again(tx, scan_id, ids, now, milady_age)
        await tx.execute(LESS, {"id": scan_id, "n": len(ids)})
        released += len(ids)
    return released


async def _lock(tx: Transaction, scan_ids: Iterable[UUID], student_ids: Collection[UUID]) -> None:
    """The scans' records before the students' ledgers, as a batch of a scan takes them."""
    await tx.execute(LOCK_SCANS, {"ids": list(scan_ids)})
    await lock_students(tx, student_ids)


async def _again(tx: Transaction, scan_id: UUID, ids: list[UUID], now: datetime, milady_age: timedelta) -> None:
    scan: Any = await tx.first("select * from scan where scan_id = :id", {"id": scan_id})
    await scans.add_to(tx, scan, await scans.judge(tx, scan, ids, now, milady_age), now)
