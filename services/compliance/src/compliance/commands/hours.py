"""Submitting hours (SPEC 3.2): the hottest use case, so one statement reads under lock and one writes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.hours import Category, HoursLogged, HoursStatus, Source

from compliance.commands import alerts, ledger
from compliance.domain.hours import Entry, Standing, Submission, accept_hours
from compliance.domain.weeks import week_of
from compliance.queries import hours as queries

ADD = """insert into hour_entry (revision, enrollment_id, student_id, work_date, minutes, category, source, status, logged_by, notes,
  external_key, recorded_by) values (1, $1, $2, $3, $4, $5, $6, 'submitted', $7, $8, $9, $7) returning log_id, recorded_at"""
RECORD = f"""
with entry as ({ADD}), week as (
  insert into weekly_total (enrollment_id, week_start, student_id, minutes, entries, last_activity_on) values ($1, $10, $2, $4, 1, $3)
  on conflict (enrollment_id, week_start) do update set minutes = weekly_total.minutes + excluded.minutes,
    entries = weekly_total.entries + 1, last_activity_on = greatest(weekly_total.last_activity_on, excluded.last_activity_on)
), ledger as (
  update student_ledger set version = version + 1 where student_id = $2
)
select log_id, recorded_at from entry"""

AUDITED = ("enrollment_id", "work_date", "minutes", "category", "source", "status")


async def submit(tx: Transaction, asked: Submission, now: datetime) -> Entry:
    """Takes hours into the ledger and resolves the week's alerts that they satisfy.

    The same external key again gives the first entry back. Raises the refusals of `accept_hours`, or EnrollmentNotKnown.
    """
    standing = await queries.lock_standing(tx, asked)
    if standing.same_key:
        return await queries.entry(tx, standing.same_key, revision=1)
    accept_hours(standing, asked, who=tx.principal, now=now)
    entry = await (_record if standing.counts_simply else _record_and_recount)(tx, standing, asked, now)
    publish(tx, logged(entry))
    after = {name: getattr(entry, name) for name in AUDITED}
    audit.record(tx, "hours.submit", "hours", entry.log_id, subject_id=entry.student_id, after=after)
    return entry


async def _record(tx: Transaction, standing: Standing, asked: Submission, now: datetime) -> Entry:
    """The entry, added to its week's total in the same statement."""
    driver = await tx.driver()
    added = await driver.fetchrow(RECORD, *_row(tx, standing, asked), week_of(asked.work_date))
    if standing.to_settle:
        await alerts.settle(tx, [(asked.enrollment_id, week_of(asked.work_date))], now)
    return _entry(tx, standing, asked, *added)


async def _record_and_recount(tx: Transaction, standing: Standing, asked: Submission, now: datetime) -> Entry:
    """The entry, where others of its week may count otherwise for it, or it does not count whole itself."""
    log_id, _ = await (await tx.driver()).fetchrow(ADD, *_row(tx, standing, asked))
    await ledger.bump(tx, [standing.student_id])
    await ledger.recount(tx, [(asked.enrollment_id, week_of(asked.work_date))], now)
    return await queries.entry(tx, log_id)


def _row(tx: Transaction, standing: Standing, asked: Submission) -> tuple[Any, ...]:
    kept = (asked.work_date, asked.minutes, asked.category, asked.source, tx.principal.user_id, asked.notes, asked.external_key)
    return (asked.enrollment_id, standing.student_id, *kept)


def _entry(tx: Transaction, standing: Standing, asked: Submission, log_id: UUID, recorded_at: datetime) -> Entry:
    by = tx.principal.user_id
    return Entry(
        log_id, 1, asked.enrollment_id, standing.student_id, asked.work_date, asked.minutes, asked.category, asked.source, "submitted", by,
        asked.notes, None, asked.external_key, by, recorded_at, counted_minutes=asked.minutes,
    )  # fmt: skip


def logged(entry: Entry) -> HoursLogged:
    """What is told of hours that were submitted or corrected."""
    return HoursLogged(
        revision=entry.revision, log_id=entry.log_id, enrollment_id=entry.enrollment_id, student_id=entry.student_id,
        work_date=entry.work_date, minutes=entry.minutes, category=Category(str(entry.category)), source=Source(entry.source),
        status=HoursStatus(entry.status), logged_by=entry.logged_by, external_key=entry.external_key,
    )  # fmt: skip
