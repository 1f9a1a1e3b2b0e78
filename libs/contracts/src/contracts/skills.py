"""`skills`' events: practical services on the chair (SPEC 3.5)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.event import Event, Value


class EntryStatus(StrEnum):
    """States of a practical service (SPEC 3.5)."""

    DRAFT = "draft"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class SkillEntry(Value):
    """A practical service's state, the same in every event that speaks of one."""

    entry_id: UUID
    enrollment_id: UUID
    student_id: UUID
    program_id: UUID
    skill_code: str
    service_name: str
    performed_at: datetime
    duration_minutes: int
    self_rating: int
    photos: int
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
    consumers=("messaging", "portal"),
    partitions=6,
):
    """A supervisor approved the service; it counts towards the quota."""

    decided_by: UUID
    decided_at: datetime
    supervisor_rating: int | None = None


class SkillRejected(
    Event,
    SkillEntry,
    topic="skill.rejected",
    version=1,
    key="enrollment_id",
    producers=("skills",),
    consumers=("messaging", "portal"),
    partitions=6,
):
    """A supervisor rejected the service; the student can correct and resubmit it."""

    decided_by: UUID
    decided_at: datetime
