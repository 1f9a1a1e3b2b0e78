"""Events in. Names are kept for the dashboard and its exports alone."""

from collections.abc import Sequence
from datetime import UTC, datetime

from chassis import access
from chassis.database import Transaction
from chassis.inbox import Inbox
from contracts.hours import HoursLogged, HoursVoided
from contracts.milady import SyncFinished
from contracts.onboarding import EnrollmentCreated, EnrollmentWithdrawn, ProgramPublished, StudentAssigned, StudentUnassigned
from contracts.people import UserChanged

from compliance.commands import erasure, ledger, projections

inbox = Inbox("compliance", max_records=1000, lanes=2)
MILADY = {"milady-sync"}


@inbox.on(UserChanged)
async def user_changed(tx: Transaction, event: UserChanged) -> None:
    await projections.keep_person(tx, event)
    if event.status == "erased":
        await erasure.erase(tx, event.user_id)


@inbox.on(EnrollmentCreated)
async def enrollment_created(tx: Transaction, event: EnrollmentCreated) -> None:
    await projections.keep_enrollment(tx, event, datetime.now(UTC))


@inbox.on(EnrollmentWithdrawn)
async def enrollment_withdrawn(tx: Transaction, event: EnrollmentWithdrawn) -> None:
    await projections.keep_enrollment(tx, event, datetime.now(UTC))


@inbox.on(ProgramPublished)
async def program_published(tx: Transaction, event: ProgramPublished) -> None:
    await projections.keep_program(tx, event, datetime.now(UTC))


@inbox.on_set(HoursLogged, sources=MILADY)
async def hours_logged(tx: Transaction, events: Sequence[HoursLogged]) -> None:
    await ledger.keep_hours(tx, events, datetime.now(UTC))


@inbox.on_set(HoursVoided, sources=MILADY)
async def hours_voided(tx: Transaction, events: Sequence[HoursVoided]) -> None:
    await ledger.keep_hours(tx, events, datetime.now(UTC))


@inbox.on(SyncFinished)
async def sync_finished(tx: Transaction, event: SyncFinished) -> None:
    await projections.keep_sync(tx, event)


@inbox.on(StudentAssigned)
async def student_assigned(tx: Transaction, event: StudentAssigned) -> None:
    await _keep_assignment(tx, event)


@inbox.on(StudentUnassigned)
async def student_unassigned(tx: Transaction, event: StudentUnassigned) -> None:
    await _keep_assignment(tx, event)


async def _keep_assignment(tx: Transaction, event: StudentAssigned | StudentUnassigned) -> None:
    who = {"viewer_id": event.partner_id, "subject_id": event.student_id}
    await access.grant(tx, event.assignment_id, **who, active=event.active, revision=event.revision)
