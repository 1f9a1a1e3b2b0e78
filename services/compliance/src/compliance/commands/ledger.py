"""The hour ledger behind every door: rows that came as events, and the weekly totals kept with each row (SPEC 3.2)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from contracts.hours import HoursLogged, HoursVoided

from compliance.commands.alerts import Week, settle

LOCK = """insert into student_ledger (student_id) select distinct id from unnest(cast(:ids as uuid[])) as t (id) order by id
 on conflict (student_id) do update set version = student_ledger.version + 1"""
KEEP = """insert into hour_entry (log_id, revision, enrollment_id, student_id, work_date, minutes, category, source, status, logged_by,
   external_key, reason)
 select t.* from unnest($1::uuid[], $2::int[], $3::uuid[], $4::uuid[], $5::date[], $6::int[], $7::text[], $8::text[], $9::text[],
   $10::uuid[], $11::text[], $12::text[]) as t (log_id, revision)
 where not exists (select from hour_entry h where h.log_id = t.log_id and h.revision >= t.revision)
 on conflict (log_id, revision) do nothing"""
COLUMNS = (
    "log_id", "revision", "enrollment_id", "student_id", "work_date", "minutes", "category", "source", "status", "logged_by",
    "external_key", "reason",
)  # fmt: skip
TOUCHED = "select distinct enrollment_id, week_start from hour_entry where log_id = any(:ids)"
WEEKS = """select week_start from hour_entry where enrollment_id = :id
 union select week_start from weekly_total where enrollment_id = :id union select week_start from alert where enrollment_id = :id"""
RECOUNT = """insert into weekly_total (enrollment_id, week_start, student_id, minutes, entries, last_activity_on)
 select e.enrollment_id, t.week_start, e.student_id, coalesce(sum(h.minutes), 0), count(h.log_id), max(h.work_date)
 from unnest(cast(:enrollments as uuid[]), cast(:weeks as date[])) as t (enrollment_id, week_start)
 join enrollment e using (enrollment_id)
 left join newest_hours h on h.enrollment_id = e.enrollment_id and h.minutes > 0 and h.status <> 'rejected'
   and h.work_date between greatest(t.week_start, e.started_on) and least(t.week_start + 6, e.ended_on)
 group by e.enrollment_id, t.week_start, e.student_id
 on conflict (enrollment_id, week_start) do update set minutes = excluded.minutes, entries = excluded.entries,
   last_activity_on = excluded.last_activity_on"""


async def lock_ledgers(tx: Transaction, student_ids: Iterable[UUID]) -> None:
    """Locks the students' ledgers, makes those that are new, and tells waiting statements that something changed."""
    await tx.execute(LOCK, {"ids": list(student_ids)})


async def bump(tx: Transaction, student_ids: Iterable[UUID]) -> None:
    """Tells statements that wait for the ledgers, which are locked, that something changed."""
    await tx.execute("update student_ledger set version = version + 1 where student_id = any(:ids)", {"ids": list(student_ids)})


async def recount(tx: Transaction, weeks: Sequence[Week], now: datetime) -> None:
    """Adds the weeks up anew from the ledger and settles their alerts. The students' ledgers are locked."""
    await tx.execute(RECOUNT, {"enrollments": [week[0] for week in weeks], "weeks": [week[1] for week in weeks]})
    await settle(tx, weeks, now)


async def recount_enrollment(tx: Transaction, enrollment_id: UUID, now: datetime) -> None:
    """Adds up every week of an enrollment that came or changed, also from ledger rows that came before it."""
    rows = await tx.all(WEEKS, {"id": enrollment_id})
    await recount(tx, [(enrollment_id, row.week_start) for row in rows], now)


async def keep_hours(tx: Transaction, events: Sequence[HoursLogged | HoursVoided], now: datetime) -> None:
    """Keeps ledger rows that came as events: the newest revision of an entry counts, an older one after it changes nothing."""
    await lock_ledgers(tx, {event.student_id for event in events})
    rows = [_row(event) for event in _rising(events)]
    driver = await tx.driver()
    await driver.execute(KEEP, *([row[name] for row in rows] for name in COLUMNS))
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
