"""Reading scans, and the numbers that a scan decides by."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging
from sqlalchemy import select

from compliance.domain.alerts import ALERT_TYPE, Kind
from compliance.domain.scans import ScanNotKnown
from compliance.domain.weeks import week_of
from compliance.models import scan

ACTIVE = """enrollment e join program p using (program_id)
 where p.time_zone = :zone and e.started_on <= :day and (e.ended_on >= :day or e.ended_on is null and e.status = 'active')"""
LOCK = f"""select l.student_id from student_ledger l
 where l.student_id in (select e.student_id from {ACTIVE}) order by l.student_id for update"""
PROGRESS = f"""
select e.enrollment_id, e.student_id, e.program_id, e.started_on, e.ended_on,
  e.required_minutes_per_week, e.inactivity_days_threshold,
  coalesce(w.minutes, 0) as week_minutes,
  case when w.last_activity_on > :day then sofar.minutes else coalesce(w.minutes, 0) end as logged,
  coalesce(case when w.last_activity_on > :day then sofar.last_on else w.last_activity_on end, earlier.last_activity_on)
    as last_activity_on,
  coalesce(one.minutes, 0) as one_before, coalesce(two.minutes, 0) as two_before,
  a.alert_id, a.status, a.severity, m.alert_id as midweek_id
from (select e.*, p.required_minutes_per_week, p.inactivity_days_threshold from {ACTIVE}) e
left join weekly_total w on w.enrollment_id = e.enrollment_id and w.week_start = :week
left join weekly_total one on one.enrollment_id = e.enrollment_id and one.week_start = cast(:week as date) - 7
left join weekly_total two on two.enrollment_id = e.enrollment_id and two.week_start = cast(:week as date) - 14
left join lateral (
  select coalesce(sum(h.minutes), 0)::int as minutes, max(h.work_date) filter (where h.minutes > 0) as last_on from newest_hours h
   where w.last_activity_on > :day and h.enrollment_id = e.enrollment_id and h.status <> 'rejected'
     and h.work_date between greatest(cast(:week as date), e.started_on) and :day) sofar on true
left join lateral (
  select b.last_activity_on from weekly_total b
   where b.enrollment_id = e.enrollment_id and b.week_start < :week and b.last_activity_on is not null
   order by b.week_start desc limit 1) earlier on true
left join alert a on a.enrollment_id = e.enrollment_id and a.week_start = :week and a.alert_type = :alert_type
left join alert m on m.enrollment_id = e.enrollment_id and m.week_start = :week and m.alert_type = 'midweek_progress' and m.status = 'open'
order by e.enrollment_id"""


async def zones(tx: Transaction) -> list[str]:
    """The time zones of the programs that are known."""
    return [row.time_zone for row in await tx.all("select distinct time_zone from program order by time_zone")]


async def lock_zone(tx: Transaction, zone: str, day: date) -> None:
    """Locks the ledgers of the zone's students who are enrolled on that day, in the order of their ids."""
    await tx.execute(LOCK, {"zone": zone, "day": day})


async def progress(tx: Transaction, kind: Kind, zone: str, day: date) -> Sequence[Any]:
    """The numbers of every enrollment of the zone that is active on that day, with its alert of this kind and its open midweek alert."""
    return await tx.all(PROGRESS, {"zone": zone, "day": day, "week": week_of(day), "alert_type": ALERT_TYPE[kind]})


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
