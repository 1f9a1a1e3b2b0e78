"""Many hours at once: the same decisions as for one, with one statement for each thing that they need and that follows (SPEC 3.2)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.errors import Refusal
from chassis.outbox import publish
from uuid_utils.compat import uuid7

from compliance.commands import ledger
from compliance.commands.hours import AUDITED, logged
from compliance.domain.hours import EnrollmentNotKnown, Entry, Standing, Submission, accept_hours
from compliance.domain.imports import Outcome, Row
from compliance.domain.weeks import week_of
from compliance.domain.years import year_of
from compliance.queries import years

PLACES = """select e.enrollment_id, e.student_id, e.started_on, e.ended_on, e.status, p.time_zone
 from enrollment e left join program p using (program_id) where e.enrollment_id = any(:ids)"""
LOCK = """select student_id from student_ledger where student_id in (select student_id from enrollment where enrollment_id = any(:ids))
 order by student_id for update"""
DAYS = """select d.student_id, d.work_date, h.minutes
 from (select distinct * from unnest(cast(:students as uuid[]), cast(:days as date[])) as t (student_id, work_date)) d
 cross join lateral (select sum(n.minutes)::int as minutes from newest_hours n
   where n.student_id = d.student_id and n.work_date = d.work_date and n.status <> 'rejected') h where h.minutes > 0"""
KEYS = """select k.enrollment_id, k.source, k.external_key, h.log_id
 from (select distinct * from unnest(cast(:ids as uuid[]), cast(:sources as text[]), cast(:keys as text[]))
   as t (enrollment_id, source, external_key)) k
 cross join lateral (select n.log_id from hour_revision n where n.enrollment_id = k.enrollment_id and n.source = k.source
   and n.external_key = k.external_key and n.revision = 1 limit 1) h"""
ADD = """insert into hour_entry (log_id, revision, enrollment_id, student_id, work_date, minutes, category, source, status, logged_by,
   recorded_by, notes, external_key)
 select log_id, 1, enrollment_id, student_id, work_date, minutes, category, source, 'submitted', $1, $1, notes, external_key
 from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::date[], $6::int[], $7::text[], $8::text[], $9::text[], $10::text[])
   as t (log_id, enrollment_id, student_id, work_date, minutes, category, source, notes, external_key)
"""
Key = tuple[UUID, str, str]


async def lock_students(tx: Transaction, enrollment_ids: Iterable[UUID]) -> None:
    """Locks the ledgers of the enrollments' students, in the order of their ids."""
    await tx.execute(LOCK, {"ids": list(enrollment_ids)})


async def decide_all(tx: Transaction, rows: Sequence[Row], now: datetime) -> list[Outcome]:
    """What becomes of each row, in their order: each finds the day as those before it leave it. Nothing is written."""
    good = [row.asked for row in rows if isinstance(row.asked, Submission)]
    places = {row.enrollment_id: row for row in await tx.all(PLACES, {"ids": list({asked.enrollment_id for asked in good})})}
    days, keys, gone = await _days(tx, good, places), await _keys(tx, good), await years.all_detached(tx)
    return [_decide(tx, row, places, days, keys, gone, now) for row in rows]


def _decide(
    tx: Transaction,
    row: Row,
    places: dict[UUID, Any],
    days: dict[tuple[UUID, date], int],
    keys: dict[Key, UUID],
    gone: Sequence[int],
    now: datetime,
) -> Outcome:
    if isinstance(row.asked, Refusal):
        return Outcome(row.line, refusal=row.asked)
    asked, place = row.asked, places.get(row.asked.enrollment_id)
    if place is None:
        return Outcome(row.line, refusal=EnrollmentNotKnown("There is no such enrollment that you may see. Correct its id."))
    key = (asked.enrollment_id, asked.source, asked.external_key or "")
    if asked.external_key and (found := keys.get(key)):
        return Outcome(row.line, repeated=found)
    day = (place.student_id, asked.work_date)
    of_place = (place.student_id, place.started_on, place.ended_on, place.status, place.time_zone)
    standing = Standing(*of_place, day_minutes=days.get(day, 0), year_detached=year_of(asked.work_date) in gone)
    try:
        accept_hours(standing, asked, who=tx.principal, now=now)
    except Refusal as refusal:
        return Outcome(row.line, refusal=refusal)
    entry = _entry(tx, place.student_id, asked, now)
    days[day] = days.get(day, 0) + asked.minutes
    if asked.external_key:
        keys[key] = entry.log_id
    return Outcome(row.line, entry=entry)


async def record_all(tx: Transaction, entries: Sequence[Entry], now: datetime) -> None:
    """Adds entries that were decided on under the locks of their students, with all that follows from each."""
    if not entries:
        return
    columns = ("log_id", "enrollment_id", "student_id", "work_date", "minutes", "category", "source", "notes", "external_key")
    arrays = ([getattr(entry, name) for entry in entries] for name in columns)
    await (await tx.driver()).execute(ADD, tx.principal.user_id, *arrays)
    await ledger.bump(tx, {entry.student_id for entry in entries})
    await ledger.recount(tx, sorted({(entry.enrollment_id, week_of(entry.work_date)) for entry in entries}), now)
    for entry in entries:
        publish(tx, logged(entry))
        after = {name: getattr(entry, name) for name in AUDITED}
        audit.record(tx, "hours.submit", "hours", entry.log_id, subject_id=entry.student_id, after=after)


def _entry(tx: Transaction, student_id: UUID, asked: Submission, now: datetime) -> Entry:
    by = tx.principal.user_id
    return Entry(
        uuid7(), 1, asked.enrollment_id, student_id, asked.work_date, asked.minutes, asked.category, asked.source, "submitted", by,
        asked.notes, None, asked.external_key, by, now,
    )  # fmt: skip


async def _days(tx: Transaction, good: Sequence[Submission], places: dict[UUID, Any]) -> dict[tuple[UUID, date], int]:
    known = {(places[asked.enrollment_id].student_id, asked.work_date) for asked in good if asked.enrollment_id in places}
    found = await tx.all(DAYS, {"students": [student for student, _ in known], "days": [day for _, day in known]})
    return {(row.student_id, row.work_date): row.minutes for row in found}


async def _keys(tx: Transaction, good: Sequence[Submission]) -> dict[Key, UUID]:
    named = [asked for asked in good if asked.external_key]
    about = {
        "ids": [asked.enrollment_id for asked in named],
        "sources": [asked.source for asked in named],
        "keys": [asked.external_key for asked in named],
    }
    return {(row.enrollment_id, row.source, row.external_key): row.log_id for row in await tx.all(KEYS, about)}
