"""Detaching a year of the ledger, with its weeks as they are, and attaching it again (decision 19)."""

from datetime import date, datetime
from uuid import UUID

from chassis import audit
from chassis.database import Transaction

from compliance.commands import ledger
from compliance.domain.years import YearNotKnown, YearStillChecked, check_old
from compliance.queries import years as queries

AT_ONCE = 500
HELD = "select to_regclass('hour_entry_' || cast(:year as int)) is not null"
SPAN = "between ledger_year_begins(:year) and ledger_year_begins(:year + 1) - 1"
WAITING = f"""select exists (select from recheck where week_start {SPAN})
 or exists (select from held_check join scan using (scan_id) where local_date {SPAN})
 or exists (select from scan where running and (local_date {SPAN} or local_date - 7 {SPAN}))"""
# What weeks are asked for, beside their totals: on which days of class somebody came.
KEEP_DAYS = f"""update weekly_total w set days = c.days from (
   select enrollment_id, week_start, array_agg(distinct extract(isodow from work_date)::smallint) as days
   from counted_hours where work_date {SPAN} group by enrollment_id, week_start) c
 where w.enrollment_id = c.enrollment_id and w.week_start = c.week_start"""
DROP_DAYS = f"update weekly_total set days = null where week_start {SPAN} and days is not null"
WEEKS = f"""select distinct enrollment_id, week_start, student_id from hour_entry where work_date {SPAN}
  and (student_id, enrollment_id, week_start) > (cast(:student_id as uuid), cast(:enrollment_id as uuid), cast(:week_start as date))
 order by student_id, enrollment_id, week_start limit {AT_ONCE}"""
Key = tuple[UUID, UUID, date]
FIRST: Key = (UUID(int=0), UUID(int=0), date.min)


async def make_ahead(tx: Transaction) -> None:
    """Makes the partitions of this year and the next, and of older ones whose hours have come."""
    await tx.execute("select make_ledger_years()")


async def detach(tx: Transaction, year: int, today: date) -> bool:
    """Takes the year's hours out of the ledger; its weeks keep their totals. Gives whether it was there until now.

    Raises YearNotOver, YearNotKnown or YearStillChecked.
    """
    check_old(year, today)
    if year in await queries.all_detached(tx):
        return False
    await make_ahead(tx)
    await _check_held(tx, year)
    if await tx.scalar(WAITING, {"year": year}):
        raise YearStillChecked(f"Weeks of {year} are about to be checked. Wait until the workers are done, then detach it.")
    # From here on nobody writes to the year: what is kept of its days is the last word.
    await tx.execute("select hold_ledger_year(:year)", {"year": year})
    await tx.execute(KEEP_DAYS, {"year": year})
    await tx.execute("select detach_ledger_year(:year)", {"year": year})
    audit.record(tx, "ledger.detach", "ledger_year", str(year))
    return True


async def attach(tx: Transaction, year: int) -> None:
    """Puts a detached year's hours back; `recount_some` then counts its weeks. Raises YearNotKnown."""
    await _check_held(tx, year)
    if year not in await queries.all_detached(tx):
        return
    await tx.execute("select attach_ledger_year(:year)", {"year": year})
    await tx.execute(DROP_DAYS, {"year": year})
    audit.record(tx, "ledger.attach", "ledger_year", str(year))


async def recount_some(tx: Transaction, year: int, after: Key, now: datetime) -> Key | None:
    """Counts the next weeks of the year anew: rules, days of enrollments and acceptances may have changed while it was away.

    Gives the last one, or None where there are no more.
    """
    rows = await tx.all(WEEKS, {"year": year, "student_id": after[0], "enrollment_id": after[1], "week_start": after[2]})
    if not rows:
        return None
    await ledger.lock_ledgers(tx, {row.student_id for row in rows})
    await ledger.recount(tx, [(row.enrollment_id, row.week_start) for row in rows], now)
    return rows[-1].student_id, rows[-1].enrollment_id, rows[-1].week_start


async def _check_held(tx: Transaction, year: int) -> None:
    if not await tx.scalar(HELD, {"year": year}):
        raise YearNotKnown(f"There is no table hour_entry_{year}. Name a year with hours; one that was dropped is restored from its dump.")
