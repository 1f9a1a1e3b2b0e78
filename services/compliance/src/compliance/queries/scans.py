"""Reading scans, and whom they look at next."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging
from sqlalchemy import select

from compliance.domain.scans import ScanNotKnown, week_checked
from compliance.models import scan
from compliance.queries.judging import ACTIVE, IN_WEEK

BATCH = """
with batch as (
  select e.enrollment_id, e.student_id from enrollment e join program p using (program_id)
  where p.time_zone = :zone and e.enrollment_id > coalesce(cast(:upto as uuid), '00000000-0000-0000-0000-000000000000') and {which}
  order by e.enrollment_id limit :n
), held as (
  select l.student_id from student_ledger l where l.student_id in (select student_id from batch) order by l.student_id for update
)
select array(select enrollment_id from batch order by enrollment_id) as ids, (select count(*) from held) as held"""
WEEKLY_RAN = """select exists (select from scan where kind = 'weekly' and zone = :zone
   and local_date between :day and cast(:day as date) + 6 - (extract(isodow from cast(:day as date))::int - 1))"""
# In no order: one that fails again and again must not keep the others waiting.
RUNNING = "select scan_id from scan where running order by random() for update skip locked limit 1"


async def zones(tx: Transaction) -> list[str]:
    """The time zones of the programs that are known."""
    return [row.time_zone for row in await tx.all("select distinct time_zone from program order by time_zone")]


async def lock_batch(tx: Transaction, scan: Any, n: int) -> list[UUID]:
    """The next `n` enrollments that the scan looks at, in the order of their ids, with their students' ledgers locked."""
    week = week_checked(scan.kind, scan.local_date)
    which = IN_WEEK if scan.kind == "close" else ACTIVE
    about = {"zone": scan.zone, "upto": scan.upto, "n": n} | ({"week": week} if scan.kind == "close" else {"day": scan.local_date})
    ids: list[UUID] = await tx.scalar(BATCH.replace("{which}", which), about)
    return ids


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
