"""Events in: projections in one group, and the work with Milady in another, which operators scale on its own."""

from chassis import access
from chassis.database import Transaction
from chassis.inbox import Inbox
from contracts.milady import ProvisioningRequested, SyncRequested
from contracts.onboarding import EnrollmentCreated, EnrollmentWithdrawn, ProgramPublished, StudentAssigned, StudentUnassigned
from contracts.people import UserChanged

from milady_sync import domain, work
from milady_sync.commands import projections, provisioning, readings, syncs

inbox = Inbox("milady-sync")
worker = Inbox("milady-sync-worker", part="workers", max_records=20)


@inbox.on(UserChanged)
async def user_changed(tx: Transaction, event: UserChanged) -> None:
    """Name and address, which Milady wants to know."""
    await projections.keep_person(tx, event)


@inbox.on(ProgramPublished)
async def program_published(tx: Transaction, event: ProgramPublished) -> None:
    """Courses and time zone."""
    await projections.keep_program(tx, event)


@inbox.on(EnrollmentCreated)
async def enrollment_created(tx: Transaction, event: EnrollmentCreated) -> None:
    """Someone to set up on Milady."""
    await projections.keep_enrollment(tx, event)


@inbox.on(EnrollmentWithdrawn)
async def enrollment_withdrawn(tx: Transaction, event: EnrollmentWithdrawn) -> None:
    """Someone who is not synced any more."""
    await projections.keep_enrollment(tx, event)


async def assignment_changed(tx: Transaction, event: StudentAssigned | StudentUnassigned) -> None:
    """Who sees whose rows."""
    await access.grant(
        tx, event.assignment_id, viewer_id=event.partner_id, subject_id=event.student_id, active=event.active, revision=event.revision
    )


inbox.on(StudentAssigned)(assignment_changed)
inbox.on(StudentUnassigned)(assignment_changed)


@worker.on(ProvisioningRequested, prepare=work.provision)
async def provisioning_requested(tx: Transaction, event: ProvisioningRequested, outcome: domain.Account | domain.Failure | None) -> None:
    """Stores what came of setting the student up."""
    await provisioning.settle(tx, event.enrollment_id, outcome)


@worker.on(SyncRequested, prepare=work.read)
async def sync_requested(tx: Transaction, event: SyncRequested, outcome: domain.Reading | domain.Failure | None) -> None:
    """Stores what was read, and counts the run on."""
    reason = outcome.reason if isinstance(outcome, domain.Failure) else None
    changed = await readings.store(tx, event.enrollment_id, outcome) if isinstance(outcome, domain.Reading) else 0
    await syncs.end_item(tx, event.sync_id, event.enrollment_id, changed=changed, reason=reason)
