"""What is kept of other services' events; an older revision never overwrites a newer (SPEC 2)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from chassis.database import Transaction
from contracts.milady import SyncFinished
from contracts.onboarding import EnrollmentCreated, EnrollmentWithdrawn, ProgramPublished
from contracts.people import UserChanged

from compliance.commands import alerts, ledger, rechecks, requirements

ENROLLMENT = """insert into enrollment as t (enrollment_id, student_id, program_id, cohort_id, started_on, ended_on, status, revision)
 values (:enrollment_id, :student_id, :program_id, :cohort_id, :started_on, :ended_on, :status, :revision)
 on conflict (enrollment_id) do update set student_id = excluded.student_id, program_id = excluded.program_id,
   cohort_id = excluded.cohort_id,
   started_on = excluded.started_on, ended_on = excluded.ended_on, status = excluded.status, revision = excluded.revision
 where t.revision < excluded.revision returning true"""
PROGRAM = """insert into program as t (program_id, partner_id, name, time_zone, required_minutes_per_week, inactivity_days_threshold,
   revision, daily_cap_minutes, weekly_cap_minutes, submitted_hours_count, reports_verified_only, theory_minutes, practical_minutes)
 values (:program_id, :partner_id, :name, :time_zone, :required_minutes_per_week, :inactivity_days_threshold, :revision,
   :daily_cap_minutes, :weekly_cap_minutes, :submitted_hours_count, :reports_verified_only,
   :theory_minutes, :practical_minutes)
 on conflict (program_id) do update set partner_id = excluded.partner_id, name = excluded.name, time_zone = excluded.time_zone,
   required_minutes_per_week = excluded.required_minutes_per_week, inactivity_days_threshold = excluded.inactivity_days_threshold,
   revision = excluded.revision, daily_cap_minutes = excluded.daily_cap_minutes, weekly_cap_minutes = excluded.weekly_cap_minutes,
   submitted_hours_count = excluded.submitted_hours_count, reports_verified_only = excluded.reports_verified_only,
   theory_minutes = excluded.theory_minutes, practical_minutes = excluded.practical_minutes
 where t.revision < excluded.revision
 returning (coalesce(old.daily_cap_minutes, 0), coalesce(old.weekly_cap_minutes, 0), coalesce(old.submitted_hours_count, true))
   <> (coalesce(new.daily_cap_minutes, 0), coalesce(new.weekly_cap_minutes, 0), new.submitted_hours_count) as counts_otherwise"""
# A program and an enrollment of it that come at the same instant must not miss each other: one waits, and begins the requirement.
MEETS = "select pg_advisory_xact_lock_shared(hashtextextended(:program, 0))"
PERSON = """insert into person as t (user_id, name, email, status, revision) values (:user_id, :name, :email, :status, :revision)
 on conflict (user_id) do update set name = excluded.name, email = excluded.email, status = excluded.status, revision = excluded.revision
 where t.revision < excluded.revision"""
SYNC = """insert into sync_run (sync_id, scope_kind, scope_id, as_of, failed) values (:sync_id, :scope_kind, :scope_id, :as_of, :failed)
 on conflict (sync_id) do nothing"""


async def keep_enrollment(tx: Transaction, event: EnrollmentCreated | EnrollmentWithdrawn, now: datetime) -> None:
    """Keeps the enrollment's newest state; counts hours that came before it, and resolves its alerts when it ended."""
    await tx.execute(MEETS, {"program": str(event.program_id)})
    await ledger.lock_ledgers(tx, [event.student_id])
    if await tx.scalar(ENROLLMENT, event.model_dump()):
        await requirements.begin(tx, enrollment_id=event.enrollment_id)
        await rechecks.note_closed(tx, [event.enrollment_id])
        await ledger.recount_enrollment(tx, event.enrollment_id, now)
        if event.status != "active":
            await alerts.resolve_ended(tx, event.enrollment_id, now)


async def keep_program(tx: Transaction, event: ProgramPublished, now: datetime) -> None:
    """Keeps what hours and checks need of a program; where hours count otherwise now, adds its weeks up anew.

    Raises ValueError (so: a dead letter) when its time zone is none.
    """
    ZoneInfo(event.time_zone)
    await tx.execute(MEETS.replace("_shared", ""), {"program": str(event.program_id)})
    counts_otherwise = await tx.scalar(PROGRAM, event.model_dump())
    await rechecks.note_closed(tx, await requirements.begin(tx, program_id=event.program_id))
    if counts_otherwise:
        await ledger.recount_program(tx, event.program_id, now)


async def keep_person(tx: Transaction, event: UserChanged) -> None:
    """Keeps who somebody is, for the dashboard and its exports; of an erased person that they were."""
    await tx.execute(PERSON, event.model_dump(include={"user_id", "name", "email", "status", "revision"}))


async def keep_sync(tx: Transaction, event: SyncFinished) -> None:
    """Keeps up to when Milady's data is known, for the explanations of alerts."""
    await tx.execute(SYNC, event.model_dump(exclude={"scope"}) | {"failed": list(event.failed)})
    named = [*event.failed, *([event.scope_id] if event.scope_kind == "enrollment" else [])]
    await tx.execute(ledger.ON_MILADY, {"ids": named})
