"""Voiding, deciding on, accepting and correcting entries: each counts its weeks anew and tells it (SPEC 3.2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.hours import HoursRejected, HoursVerified, HoursVoided, Source

from compliance.commands import ledger
from compliance.commands.hours import logged
from compliance.domain.hours import Entry, Submission, check_day
from compliance.domain.revisions import MEASURED, Verdict, accept, correct, decide, moves_minutes, void
from compliance.domain.weeks import week_of
from compliance.queries import hours as queries

COLUMNS = tuple(name for name in queries.REVISION if name != "recorded_at")
REVISE = f"""insert into hour_entry ({", ".join(COLUMNS)}) values ({", ".join(f":{name}" for name in COLUMNS)})"""
AUTHORS = f"""select distinct recorded_by from hour_entry
 where log_id = :id and work_date in {queries.DATES} and status = 'submitted' and recorded_by is not null"""
ACCEPTED = ("log_id", "enrollment_id", "student_id", "minutes")
ACCEPT = f"insert into hour_acceptance ({', '.join(ACCEPTED)}, accepted_by) values ({', '.join(f':{name}' for name in ACCEPTED)}, :by)"
TOLD = (*MEASURED, "status")


async def void_entry(tx: Transaction, log_id: UUID, reason: str, now: datetime) -> Entry:
    """Takes an entry back with a revision of zero, and reopens the week's alerts that it had resolved.

    Raises EntryNotKnown or the refusals of `domain.revisions.void`.
    """
    before = await queries.lock_entry(tx, log_id)
    entry = await _keep(tx, "hours.void", before, void(before, reason, who=tx.principal), now)
    about = {name: getattr(entry, name) for name in ("revision", "log_id", "enrollment_id", "student_id", "work_date")}
    publish(tx, HoursVoided(**about, source=Source(entry.source), reason=reason))
    return entry


async def decide_on(tx: Transaction, log_id: UUID, verdict: Verdict, reason: str | None, expected: str, now: datetime) -> Entry:
    """Verifies or rejects an entry; rejected hours count no more. Raises EntryNotKnown or the refusals of `domain.revisions.decide`."""
    before = await queries.lock_entry(tx, log_id)
    decided = decide(before, verdict, reason, authors=await _authors(tx, log_id), expected=expected, who=tx.principal)
    entry = await _keep(tx, "hours.verify" if verdict == "verified" else "hours.reject", before, decided, now)
    told = {name: getattr(entry, name) for name in ("revision", "log_id", "enrollment_id", "student_id", "source", *MEASURED)}
    told |= {"logged_by": entry.logged_by, "decided_by": tx.principal.user_id}
    publish(tx, HoursVerified(**told) if verdict == "verified" else HoursRejected(**told, reason=reason))
    return entry


async def accept_entry(tx: Transaction, log_id: UUID, expected: str, now: datetime) -> Entry:
    """Lets an entry count whole that lies past a cap, also one from Milady. Raises EntryNotKnown or what `domain.revisions.accept` does."""
    entry = await queries.lock_entry(tx, log_id)
    accept(entry, authors=await _authors(tx, log_id), expected=expected, who=tx.principal)
    await tx.execute(ACCEPT, {name: getattr(entry, name) for name in ACCEPTED} | {"by": tx.principal.user_id})
    await _count_anew(tx, now, entry)
    was, becomes = {"counted_minutes": entry.counted_minutes}, {"counted_minutes": entry.minutes}
    audit.record(tx, "hours.accept", "hours", log_id, subject_id=entry.student_id, before=was, after=becomes)
    return await queries.entry(tx, log_id)


async def correct_entry(
    tx: Transaction, log_id: UUID, changes: Mapping[str, Any], reason: str | None, expected: str, now: datetime
) -> Entry:
    """Corrects what `changes` names of work_date, minutes, category and notes; the same again changes nothing.

    Raises EntryNotKnown, the refusals of `domain.revisions.correct`, and those of `domain.hours.check_day` for the new day.
    """
    before = await queries.lock_entry(tx, log_id)
    corrected = correct(before, changes, reason, expected=expected, who=tx.principal)
    if corrected is None:
        return before
    if moves_minutes(before, corrected):
        asked = Submission(corrected.enrollment_id, corrected.work_date, corrected.minutes, corrected.category or "", corrected.source)
        check_day(await queries.lock_standing(tx, asked, besides=log_id), asked, now)
    entry = await _keep(tx, "hours.correct", before, corrected, now)
    publish(tx, logged(entry))
    return entry


async def _keep(tx: Transaction, action: str, before: Entry, entry: Entry, now: datetime) -> Entry:
    """Adds the revision, whose student's ledger is locked, with what follows from it for the weeks, and notes it."""
    await tx.execute(REVISE, {name: getattr(entry, name) for name in COLUMNS})
    await _count_anew(tx, now, before, entry)
    was, becomes = ({name: getattr(each, name) for name in TOLD} for each in (before, entry))
    told = {name for name in TOLD if was[name] != becomes[name]} | {"minutes", "status"}
    after = {name: becomes[name] for name in told} | ({"reason": entry.reason} if entry.reason else {})
    audit.record(tx, action, "hours", entry.log_id, subject_id=entry.student_id, before={name: was[name] for name in told}, after=after)
    return await queries.entry(tx, entry.log_id)


async def _count_anew(tx: Transaction, now: datetime, *entries: Entry) -> None:
    await ledger.bump(tx, {entry.student_id for entry in entries})
    await ledger.recount(tx, sorted({(entry.enrollment_id, week_of(entry.work_date)) for entry in entries}), now)


async def _authors(tx: Transaction, log_id: UUID) -> set[UUID]:
    return {row.recorded_by for row in await tx.all(AUTHORS, {"id": log_id})}
