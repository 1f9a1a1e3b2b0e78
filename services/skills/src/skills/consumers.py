"""Events in. Services and decisions need nobody's name: of `user.changed` it matters here alone who was erased."""

from chassis.database import Transaction
from chassis.inbox import Inbox
from contracts.onboarding import EnrollmentCreated, EnrollmentWithdrawn, ProgramPublished, StudentAssigned, StudentUnassigned
from contracts.people import UserChanged

from skills import photos
from skills.commands import erasure, projections

inbox = Inbox("skills")


@inbox.on(UserChanged, prepare=photos.erase)
async def user_changed(tx: Transaction, event: UserChanged, _: None) -> None:
    """Somebody of whom nothing stays but the record."""
    if event.status == "erased":
        await erasure.erase(tx, event.user_id)


@inbox.on(ProgramPublished)
async def program_published(tx: Transaction, event: ProgramPublished) -> None:
    """A catalogue, new or changed."""
    await projections.keep_program(tx, event)


@inbox.on(EnrollmentCreated)
async def enrollment_created(tx: Transaction, event: EnrollmentCreated) -> None:
    """Someone who may log services."""
    await projections.keep_enrollment(tx, event)


@inbox.on(EnrollmentWithdrawn)
async def enrollment_withdrawn(tx: Transaction, event: EnrollmentWithdrawn) -> None:
    """Someone who may no longer."""
    await projections.keep_enrollment(tx, event)


@inbox.on(StudentAssigned)
async def student_assigned(tx: Transaction, event: StudentAssigned) -> None:
    """A supervisor more."""
    await projections.keep_assignment(tx, event)


@inbox.on(StudentUnassigned)
async def student_unassigned(tx: Transaction, event: StudentUnassigned) -> None:
    """A supervisor less."""
    await projections.keep_assignment(tx, event)
