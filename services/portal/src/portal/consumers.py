"""Events in: everything that the contracts list for the portal becomes the read model, and open pages are told (SPEC 2)."""

from collections.abc import Sequence

from chassis import access, erasure
from chassis.database import Transaction
from chassis.inbox import Inbox
from contracts.alerts import AlertRaised, AlertResolved
from contracts.audit import AuditRecorded
from contracts.event import Event
from contracts.hours import HoursLogged, HoursRejected, HoursStatus, HoursVerified, HoursVoided
from contracts.messages import MessageFailed, MessageSent
from contracts.milady import CourseProgressed, MiladyProvisioned, MiladyProvisioningFailed, SyncFinished
from contracts.onboarding import (
    DocumentSigned,
    EnrollmentCreated,
    EnrollmentWithdrawn,
    PartnerActivated,
    PartnerApplied,
    PartnerApproved,
    PartnerSuspended,
    ProgramPublished,
    StudentAssigned,
    StudentUnassigned,
)
from contracts.people import UserChanged
from contracts.requirements import RequirementChanged, WeekClosed
from contracts.skills import SkillApproved, SkillLogged, SkillRejected

from portal import models
from portal.projections import tell, upsert

inbox = Inbox("portal")
NAMELESS = "Somebody who was erased"


@inbox.on_set(UserChanged)
async def user_changed(tx: Transaction, events: Sequence[UserChanged]) -> None:
    """Names and addresses; an erased person's are gone, and their pages say so."""
    shown = [event.model_copy(update={"name": NAMELESS}) if event.status == "erased" else event for event in events]
    await tell(tx, "people", await upsert(tx, models.person, shown, touched="user_id"))
    for user_id in {event.user_id for event in events if event.status == "erased"}:
        await erasure.scrub(tx, user_id)


async def _partner(tx: Transaction, events: Sequence[Event]) -> None:
    instants = ("applied_at", "approved_at", "activated_at")
    await tell(tx, "partners", await upsert(tx, models.partner, events, touched="user_id", facts=instants))


inbox.on_set(PartnerApplied)(_partner)
inbox.on_set(PartnerApproved)(_partner)
inbox.on_set(PartnerActivated)(_partner)
inbox.on_set(PartnerSuspended)(_partner)


@inbox.on_set(DocumentSigned)
async def document_signed(tx: Transaction, events: Sequence[DocumentSigned]) -> None:
    """Which papers a person has signed."""
    await tell(tx, "partners", await upsert(tx, models.document_signature, events, touched="user_id"))


@inbox.on_set(ProgramPublished)
async def program_published(tx: Transaction, events: Sequence[ProgramPublished]) -> None:
    """A program as it is from now on; it may concern anyone."""
    if await upsert(tx, models.program, events, touched="program_id"):
        await tell(tx, "people", None)


async def _enrollment(tx: Transaction, events: Sequence[Event]) -> None:
    await tell(tx, "people", await upsert(tx, models.enrollment, events, touched="student_id"))


inbox.on_set(EnrollmentCreated)(_enrollment)
inbox.on_set(EnrollmentWithdrawn)(_enrollment)


async def _assignment(tx: Transaction, event: StudentAssigned | StudentUnassigned) -> None:
    await access.grant(
        tx, event.assignment_id, viewer_id=event.partner_id, subject_id=event.student_id, active=event.active, revision=event.revision
    )
    await tell(tx, "people", {event.student_id, event.partner_id})


inbox.on(StudentAssigned)(_assignment)
inbox.on(StudentUnassigned)(_assignment)


@inbox.on_set(MiladyProvisioned)
async def milady_provisioned(tx: Transaction, events: Sequence[MiladyProvisioned]) -> None:
    """The student can start on Milady."""
    await tell(tx, "courses", await upsert(tx, models.milady_provisioning, events, touched="student_id", more={"status": "provisioned"}))


@inbox.on_set(MiladyProvisioningFailed)
async def milady_provisioning_failed(tx: Transaction, events: Sequence[MiladyProvisioningFailed]) -> None:
    """Milady did not take the student yet."""
    await tell(tx, "courses", await upsert(tx, models.milady_provisioning, events, touched="student_id", more={"status": "failed"}))


@inbox.on_set(CourseProgressed)
async def course_progressed(tx: Transaction, events: Sequence[CourseProgressed]) -> None:
    """Where a student stands in a course."""
    await tell(tx, "courses", await upsert(tx, models.course_progress, events, touched="student_id"))


@inbox.on_set(SyncFinished)
async def sync_finished(tx: Transaction, events: Sequence[SyncFinished]) -> None:
    """Up to when Milady's data is known. Each run is an aggregate of its own, so the newest of a scope is told by its time."""
    if await upsert(tx, models.sync_status, events, touched="sync_id", newer="as_of"):
        await tell(tx, "syncs", None)


@inbox.on_set(HoursLogged)
async def hours_logged(tx: Transaction, events: Sequence[HoursLogged]) -> None:
    """The newest revision of each ledger entry."""
    await tell(tx, "hours", await upsert(tx, models.hour_entry, events, touched="student_id"))


@inbox.on_set(HoursVoided)
async def hours_voided(tx: Transaction, events: Sequence[HoursVoided]) -> None:
    """A void is a revision of zero minutes (SPEC 3.2)."""
    gone = {"minutes": 0, "status": HoursStatus.VOIDED}
    await tell(tx, "hours", await upsert(tx, models.hour_entry, events, touched="student_id", more=gone))


@inbox.on_set(HoursVerified)
async def hours_verified(tx: Transaction, events: Sequence[HoursVerified]) -> None:
    """Somebody else says that they are right."""
    await tell(tx, "hours", await upsert(tx, models.hour_entry, events, touched="student_id", more={"status": HoursStatus.VERIFIED}))


@inbox.on_set(HoursRejected)
async def hours_rejected(tx: Transaction, events: Sequence[HoursRejected]) -> None:
    """They count no more: `week_total` passes over them."""
    await tell(tx, "hours", await upsert(tx, models.hour_entry, events, touched="student_id", more={"status": HoursStatus.REJECTED}))


@inbox.on_set(RequirementChanged)
async def requirement_changed(tx: Transaction, events: Sequence[RequirementChanged]) -> None:
    """From a week on something else is asked."""
    await tell(tx, "hours", await upsert(tx, models.requirement, events, touched="student_id"))


@inbox.on_set(WeekClosed)
async def week_closed(tx: Transaction, events: Sequence[WeekClosed]) -> None:
    """How a week ended, or was restated."""
    await tell(tx, "hours", await upsert(tx, models.week_result, events, touched="student_id"))


@inbox.on_set(AlertRaised)
async def alert_raised(tx: Transaction, events: Sequence[AlertRaised]) -> None:
    """Raised, risen or reopened."""
    await tell(tx, "alerts", await upsert(tx, models.alert, events, touched="student_id", more={"status": "open"}))


@inbox.on_set(AlertResolved)
async def alert_resolved(tx: Transaction, events: Sequence[AlertResolved]) -> None:
    """No longer open."""
    await tell(tx, "alerts", await upsert(tx, models.alert, events, touched="student_id", more={"status": "resolved"}))


async def _skill(tx: Transaction, events: Sequence[Event]) -> None:
    await tell(tx, "skills", await upsert(tx, models.skill_entry, events, touched="student_id"))


inbox.on_set(SkillLogged)(_skill)
inbox.on_set(SkillApproved)(_skill)
inbox.on_set(SkillRejected)(_skill)


@inbox.on_set(MessageSent)
async def message_sent(tx: Transaction, events: Sequence[MessageSent]) -> None:
    """What a person was sent."""
    await tell(tx, "messages", await upsert(tx, models.message, events, touched="recipient_id", more={"status": "sent"}))


@inbox.on_set(MessageFailed)
async def message_failed(tx: Transaction, events: Sequence[MessageFailed]) -> None:
    """What did not reach a person."""
    await tell(tx, "messages", await upsert(tx, models.message, events, touched="recipient_id", more={"status": "failed"}))


@inbox.on_set(AuditRecorded)
async def audit_recorded(tx: Transaction, events: Sequence[AuditRecorded]) -> None:
    """The services' sealed audit entries, for the audit viewer."""
    if await upsert(tx, models.audit_log, events, touched="position", newer="position"):
        await tell(tx, "audit", None)
