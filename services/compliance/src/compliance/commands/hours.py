"""Submitting and voiding hours (SPEC 3.2): the hottest use case, so one statement reads under lock and one writes."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.hours import Category, HoursLogged, HoursStatus, HoursVoided, Source

from compliance.commands import alerts, ledger
from compliance.domain.alerts import TARGET_REACHED
from compliance.domain.hours import Entry, Standing, Submission, accept_hours, void
from compliance.domain.weeks import target_minutes, week_of
from compliance.queries import hours as queries

RECORD = """
with entry as (
  insert into hour_entry (revision, enrollment_id, student_id, work_date, minutes, category, source, status, logged_by, notes, external_key)
  values (1, $1, $2, $3, $4, $5, $6, 'submitted', $7, $8, $9) returning log_id, recorded_at
), week as (
  insert into weekly_total (enrollment_id, week_start, student_id, minutes, entries, last_activity_on) values ($1, $10, $2, $4, 1, $3)
  on conflict (enrollment_id, week_start) do update set minutes = weekly_total.minutes + excluded.minutes,
    entries = weekly_total.entries + 1, last_activity_on = greatest(weekly_total.last_activity_on, excluded.last_activity_on)
), ledger as (
  update student_ledger set version = version + 1 where student_id = $2
)
select log_id, recorded_at from entry"""
VOID = """insert into hour_entry (log_id, revision, enrollment_id, student_id, work_date, minutes, category, source, status, logged_by,
  notes, reason, external_key) values (:log_id, :revision, :enrollment_id, :student_id, :work_date, 0, :category, :source, 'voided',
  :logged_by, :notes, :reason, :external_key) returning recorded_at"""


async def submit(tx: Transaction, asked: Submission, now: datetime) -> Entry:
    """Takes hours into the ledger and resolves the week's alerts that they satisfy.

    The same external key again gives the first entry back. Raises the refusals of `accept_hours`, or EnrollmentNotKnown.
    """
    standing = await queries.lock_standing(tx, asked)
    if standing.same_key:
        return await queries.entry(tx, standing.same_key, revision=1)
    accept_hours(standing, asked, who=tx.principal, now=now)
    entry = await _record(tx, standing, asked, week_of(asked.work_date))
    _tell_logged(tx, asked, entry)
    if standing.open_alerts and standing.week_minutes + asked.minutes >= _target(standing, entry.work_date):
        await alerts.resolve(tx, standing.open_alerts, TARGET_REACHED, now)
    return entry


async def _record(tx: Transaction, standing: Standing, asked: Submission, week: date) -> Entry:
    driver = await tx.driver()
    by = tx.principal.user_id
    log_id, recorded_at = await driver.fetchrow(
        RECORD, asked.enrollment_id, standing.student_id, asked.work_date, asked.minutes, asked.category, asked.source, by, asked.notes,
        asked.external_key, week,
    )  # fmt: skip
    return Entry(
        log_id, 1, asked.enrollment_id, standing.student_id, asked.work_date, asked.minutes, asked.category, asked.source, "submitted", by,
        asked.notes, None, asked.external_key, recorded_at,
    )  # fmt: skip


def _target(standing: Standing, day: date) -> int:
    return target_minutes(standing.required_minutes or 0, week_of(day), started_on=standing.started_on, ended_on=standing.ended_on)


def _tell_logged(tx: Transaction, asked: Submission, entry: Entry) -> None:
    publish(
        tx,
        HoursLogged(
            revision=entry.revision, log_id=entry.log_id, enrollment_id=entry.enrollment_id, student_id=entry.student_id,
            work_date=entry.work_date, minutes=entry.minutes, category=Category(asked.category), source=Source(entry.source),
            status=HoursStatus(entry.status), logged_by=entry.logged_by, external_key=entry.external_key,
        ),
    )  # fmt: skip
    after = {"enrollment_id": entry.enrollment_id, "work_date": entry.work_date, "minutes": entry.minutes, "source": entry.source}
    audit.record(tx, "hours.submit", "hours", entry.log_id, subject_id=entry.student_id, after=after)


async def void_entry(tx: Transaction, log_id: UUID, reason: str, now: datetime) -> Entry:
    """Takes an entry back with a revision of zero, and reopens the week's alerts that it had resolved.

    Raises EntryNotKnown or the refusals of `domain.hours.void`.
    """
    before = await queries.lock_entry(tx, log_id)
    entry = void(before, reason, who=tx.principal)
    recorded_at = await tx.scalar(VOID, {name: getattr(entry, name) for name in queries.FIELDS})
    await ledger.bump(tx, [entry.student_id])
    await ledger.recount(tx, [(entry.enrollment_id, week_of(entry.work_date))], now)
    publish(
        tx,
        HoursVoided(
            revision=entry.revision, log_id=log_id, enrollment_id=entry.enrollment_id, student_id=entry.student_id,
            work_date=entry.work_date, source=Source(entry.source), reason=reason,
        ),
    )  # fmt: skip
    was = {"minutes": before.minutes, "status": before.status}
    audit.record(tx, "hours.void", "hours", log_id, subject_id=entry.student_id, before=was, after={"minutes": 0, "reason": reason})
    return replace(entry, recorded_at=recorded_at)
