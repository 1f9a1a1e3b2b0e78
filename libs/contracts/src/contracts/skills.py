"""`skills`' events: practical services on the chair (SPEC 3.5)."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field, PositiveInt

from contracts.event import Event, Value
from contracts.fields import Count, EnrollmentId, Instant, ProgramId, Rating, StudentId


class EntryStatus(StrEnum):
    """States of a practical service (SPEC 3.5)."""

    DRAFT = "draft"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class SkillEntry(Value):
    """A practical service's state, the same in every event that speaks of one."""

    entry_id: UUID = Field(description="The service as logged; `revision` is its version")
    enrollment_id: EnrollmentId
    student_id: StudentId
    program_id: ProgramId
    skill_code: str = Field(description="Code of the service in the program's catalogue")
    service_name: str = Field(description="What was done, in the words of the student")
    performed_at: Instant = Field(description="When it was done")
    duration_minutes: PositiveInt = Field(description="How long it took; evidence, not hours of training")
    self_rating: Rating = Field(description="The student's own mark, 1 to 5")
    photos: Count = Field(description="How many photos show it")
    status: EntryStatus


class SkillLogged(
    Event, SkillEntry, topic="skill.logged", version=1, key="enrollment_id", producers=("skills",), consumers=("portal",), partitions=6
):
    """A student submitted a service for approval."""


class SkillApproved(
    Event,
    SkillEntry,
    topic="skill.approved",
    version=1,
    key="enrollment_id",
    producers=("skills",),
    consumers=("portal",),
    partitions=6,
):
    """A supervisor approved the service; it counts towards the quota."""

    decided_by: UUID = Field(description="Who decided")
    decided_at: Instant = Field(description="When")
    supervisor_rating: Rating | None = Field(default=None, description="The supervisor's mark, 1 to 5")


class SkillRejected(
    Event,
    SkillEntry,
    topic="skill.rejected",
    version=1,
    key="enrollment_id",
    producers=("skills",),
    consumers=("portal",),
    partitions=6,
):
    """A supervisor rejected the service; the student can correct and resubmit it."""

    decided_by: UUID = Field(description="Who decided")
    decided_at: Instant = Field(description="When")
