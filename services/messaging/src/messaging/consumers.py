"""Events in: who there is, and what people are to be told."""

from chassis.database import Transaction
from chassis.inbox import Inbox
from contracts.messages import MessageRequested
from contracts.milady import MiladyProvisioned
from contracts.onboarding import DocumentSigned, PartnerActivated, PartnerApplied, PartnerApproved, PartnerSuspended, ProgramPublished
from contracts.people import UserChanged
from contracts.requirements import RequirementChanged

from messaging import commands
from messaging.domain import Draft, caused

inbox = Inbox("messaging")


@inbox.on(UserChanged)
async def user_changed(tx: Transaction, event: UserChanged) -> None:
    """Names and addresses."""
    await commands.know_person(tx, event)


@inbox.on(ProgramPublished)
async def program_published(tx: Transaction, event: ProgramPublished) -> None:
    """Names of programs."""
    await commands.know_program(tx, event)


@inbox.on(MiladyProvisioned)
async def milady_provisioned(tx: Transaction, event: MiladyProvisioned) -> None:
    """The welcome, once an enrollment."""
    courses = [course.model_dump() for course in event.courses]
    await commands.take_in(tx, caused("welcome", event.enrollment_id, event.student_id, program_id=event.program_id, courses=courses))


@inbox.on(DocumentSigned)
async def document_signed(tx: Transaction, event: DocumentSigned) -> None:
    """The signer's copy."""
    about = {"document_title": event.document_title, "document_version": event.document_version, "document_hash": event.document_hash}
    signed_at = f"{event.signed_at:%Y-%m-%d %H:%M}"
    await commands.take_in(tx, caused("signed-copy", event.signature_id, event.user_id, signed_at=signed_at, **about))


async def _partner(tx: Transaction, event: PartnerApplied | PartnerApproved | PartnerActivated | PartnerSuspended) -> None:
    await commands.know_partner(tx, event)
    kind = event.topic.replace(".", "-")
    role = event.role.value.replace("_", " ")
    await commands.take_in(tx, caused(kind, f"{event.user_id}/{event.revision}", event.user_id, role=role))


inbox.on(PartnerApplied)(_partner)
inbox.on(PartnerApproved)(_partner)
inbox.on(PartnerActivated)(_partner)
inbox.on(PartnerSuspended)(_partner)


@inbox.on(RequirementChanged)
async def requirement_changed(tx: Transaction, event: RequirementChanged) -> None:
    """The student, of how many hours a week are asked from when on."""
    about = {"effective_from": event.effective_from.isoformat(), "minutes": event.required_minutes_per_week}
    cause = f"{event.enrollment_id}/{event.revision}"
    await commands.take_in(tx, caused("requirement-changed", cause, event.student_id, program_id=event.program_id, **about))


@inbox.on(MessageRequested)
async def message_requested(tx: Transaction, event: MessageRequested) -> None:
    """What another service asks a person to be told."""
    await commands.take_in(tx, Draft(event.message_id, event.recipient_id, event.kind, dict(event.data)))
