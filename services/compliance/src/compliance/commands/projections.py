"""What is kept of other services' events; an older revision never overwrites a newer (SPEC 2)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from chassis.database import Transaction
from contracts.milady import SyncFinished
from contracts.onboarding import EnrollmentCreated, EnrollmentWithdrawn, ProgramPublished

from compliance.commands import alerts, ledger

ENROLLMENT = """insert into enrollment as t (enrollment_id, student_id, program_id, started_on, ended_on, status, revision)
 values (:enrollment_id, :student_id, :program_id, :started_on, :ended_on, :status, :revision)
 on conflict (enrollment_id) do update set student_id = excluded.student_id, program_id = excluded.program_id,
   started_on = excluded.started_on, ended_on = excluded.ended_on, status = excluded.status, revision = excluded.revision
 where t.revision < excluded.revision returning true"""
PROGRAM = """insert into program as t (program_id, name, time_zone, required_minutes_per_week, inactivity_days_threshold, revision)
 values (:program_id, :name, :time_zone, :required_minutes_per_week, :inactivity_days_threshold, :revision)
 on conflict (program_id) do update set name = excluded.name, time_zone = excluded.time_zone,
   required_minutes_per_week = excluded.required_minutes_per_week, inactivity_days_threshold = excluded.inactivity_days_threshold,
   revision = excluded.revision
 where t.revision < excluded.revision"""
SYNC = """insert into sync_run (sync_id, scope_kind, scope_id, as_of, failed) values (:sync_id, :scope_kind, :scope_id, :as_of, :failed)
 on conflict (sync_id) do nothing"""


async def keep_enrollment(tx: Transaction, event: EnrollmentCreated | EnrollmentWithdrawn, now: datetime) -> None:
    """Keeps the enrollment's newest state; counts hours that came before it, and resolves its alerts when it ended."""
    await ledger.lock_ledgers(tx, [event.student_id])
    if await tx.scalar(ENROLLMENT, event.model_dump(exclude={"cohort_id"})):
        await ledger.recount_enrollment(tx, event.enrollment_id, now)
        if event.status != "active":
            await alerts.resolve_ended(tx, event.enrollment_id, now)


async def keep_program(tx: Transaction, event: ProgramPublished) -> None:
    """Keeps what hours and checks need of a program. Raises ValueError (so: a dead letter) when its time zone is none."""
    ZoneInfo(event.time_zone)
    await tx.execute(PROGRAM, event.model_dump())


async def keep_sync(tx: Transaction, event: SyncFinished) -> None:
    """Keeps up to when Milady's data is known, for the explanations of alerts."""
    await tx.execute(SYNC, event.model_dump(exclude={"scope"}) | {"failed": list(event.failed)})
