"""Reading scans, and whom they look at next."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging
from sqlalchemy import select

from compliance.domain.scans import ScanNotKnown, week_checked
from compliance.models import scan
from compliance.queries.judging import ACTIVE, IN_FORCE, IN_WEEK

NEXT = """
with next as (
  select e.enrollment_id, e.student_id from enrollment e
  where e.time_zone = :zone and e.enrollment_id > coalesce(cast(:upto as uuid), '00000000-0000-0000-0000-000000000000') and {which}
  order by e.enrollment_id limit :at_most
), looked_at as materialized (select array(select enrollment_id from next) as ids),
concerned as materialized ({concerned} order by enrollment_id limit :n),
reached as (
  select l.ids, coalesce((select enrollment_id from concerned offset cast(:n as int) - 1), l.ids[cardinality(l.ids)]) as upto
  from looked_at l
)
select array(select enrollment_id from concerned) as ids, array(select student_id from concerned) as students, r.upto,
  coalesce(array_position(r.ids, r.upto), 0) as checked from reached r"""
EVERYBODY = "select * from next"
THESE = "(select l.ids from looked_at l)::uuid[]"
# No target is more than what is asked of a whole week: most are on track by this alone, and nothing is locked or worked out for them.
# A full join, for which PostgreSQL has no loop: however many a plan expects, neither table is gone through for each of the other.
SHORT_OF_IT = f"""
  select enrollment_id, coalesce(r.student_id, w.student_id) as student_id
  from (select r.enrollment_id, r.student_id, r.required_minutes_per_week from requirement r
         where r.enrollment_id = any({THESE}) and {IN_FORCE}) r
  full join (select w.enrollment_id, w.student_id, w.minutes from weekly_total w
              where w.week_start = cast(:week as date) and w.enrollment_id = any({THESE})) w using (enrollment_id)
  where coalesce(r.required_minutes_per_week, 0) > coalesce(w.minutes, 0)"""
LOCK = "select from student_ledger where student_id = any(:ids) order by student_id for update"
WEEKLY_RAN = """select exists (select from scan where kind = 'weekly' and zone = :zone
   and local_date between :day and cast(:day as date) + 6 - (extract(isodow from cast(:day as date))::int - 1))"""
# In no order: one that fails again and again must not keep the others waiting.
RUNNING = "select scan_id from scan where running order by random() for update skip locked limit 1"


async def zones(tx: Transaction) -> list[str]:
    """The time zones of the programs that are known."""
    return [row.time_zone for row in await tx.all("select distinct time_zone from program order by time_zone")]


async def look_on(tx: Transaction, scan: Any, at_most: int, n: int) -> Any:
    """The scan's next enrollments, in the order of their ids: `checked` says how many, at most so many, and `upto` is the last one's id;
    `ids` are those of them that have to be judged, at most `n`, and `students` whose they are.

    A weekly or midweek check judges nobody whose total reached what is asked of a whole week when this statement began. Whoever falls
    below since is checked again by `rechecks`, as after the scan.
    """
    by_total = scan.kind in ("midweek", "weekly")
    about = {"zone": scan.zone, "upto": scan.upto, "at_most": at_most if by_total else n, "n": n}
    if scan.kind != "close":
        about["day"] = scan.local_date
    if by_total or scan.kind == "close":
        about["week"] = week_checked(scan.kind, scan.local_date)
    statement = NEXT.format(which=IN_WEEK if scan.kind == "close" else ACTIVE, concerned=SHORT_OF_IT if by_total else EVERYBODY)
    return await tx.first(statement, about)


async def lock_students(tx: Transaction, student_ids: Collection[UUID]) -> None:
    """Locks the ledgers of the students, in the order of their ids. A batch locks its scan first, as everyone does who locks both."""
    await tx.execute(LOCK, {"ids": list(student_ids)})


async def weekly_ran(tx: Transaction, zone: str, day: date) -> bool:
    """Whether the weekly check of the day's week was there already."""
    ran: bool = await tx.scalar(WEEKLY_RAN, {"zone": zone, "day": day})
    return ran


async def next_running(tx: Transaction) -> UUID | None:
    """A scan that has something left to do and that nobody works on; it is locked."""
    found: UUID | None = await tx.scalar(RUNNING)
    return found


async def one(tx: Transaction, scan_id: UUID) -> Any:
    """The scan. Raises ScanNotKnown."""
    row = await tx.first(select(scan).where(scan.c.scan_id == scan_id))
    if row is None:
        raise ScanNotKnown("There is no such scan. Look it up in the list of scans.")
    return row


async def scans(tx: Transaction, paging: Paging) -> Sequence[Any]:
    """Scans, newest first; one more than the page holds."""
    statement = select(scan).order_by(scan.c.scan_id.desc()).limit(paging.limit + 1)
    if last := paging.values(UUID):
        statement = statement.where(scan.c.scan_id < last[0])
    return await tx.all(statement)
