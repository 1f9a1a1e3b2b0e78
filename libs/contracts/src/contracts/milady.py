"""`milady-sync`'s events: accounts and courses on Milady CIMA, and what was synced from it (SPEC 3.4)."""

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from contracts.event import Event, Minutes, Value


class MiladyCourse(Value):
    """One of our courses as Milady knows it."""

    course_code: str
    title: str
    milady_enrollment_id: str


class ProvisioningRequested(
    Event,
    topic="provisioning.requested",
    version=1,
    key="enrollment_id",
    producers=("milady-sync",),
    consumers=("milady-sync",),
    partitions=6,
):
    """Work for the sync workers: make or find the Milady account and enroll it in the program's courses."""

    enrollment_id: UUID
    attempt: int


class SyncRequested(
    Event,
    topic="sync.requested",
    version=1,
    key="enrollment_id",
    producers=("milady-sync",),
    consumers=("milady-sync",),
    partitions=6,
):
    """Work for the sync workers: read one enrollment's progress and time from Milady."""

    sync_id: UUID
    enrollment_id: UUID


class MiladyProvisioned(
    Event,
    topic="milady.provisioned",
    version=1,
    key="enrollment_id",
    producers=("milady-sync",),
    consumers=("messaging", "portal"),
):
    """The student has an account on Milady and is enrolled in every course of the program."""

    enrollment_id: UUID
    student_id: UUID
    program_id: UUID
    milady_student_id: str
    courses: tuple[MiladyCourse, ...]
    provisioned_at: datetime


class MiladyProvisioningFailed(
    Event,
    topic="milady.provisioning-failed",
    version=1,
    key="enrollment_id",
    producers=("milady-sync",),
    consumers=("messaging", "portal"),
):
    """Milady did not take the student; it is tried again at `next_attempt_at`, or by hand when that is empty."""

    enrollment_id: UUID
    student_id: UUID
    program_id: UUID
    reason: str
    attempts: int
    next_attempt_at: datetime | None


class CourseProgressed(
    Event,
    topic="course.progressed",
    version=1,
    key="enrollment_id",
    producers=("milady-sync",),
    consumers=("onboarding", "portal"),
):
    """Where a student stands in one course, as Milady says at `as_of`. `percent` is 0 to 100, unrounded."""

    enrollment_id: UUID
    student_id: UUID
    course_code: str
    title: str
    percent: Decimal
    minutes_spent: Minutes
    minutes_required: Minutes
    last_accessed_at: datetime | None
    as_of: datetime


class SyncFinished(
    Event,
    topic="sync.finished",
    version=1,
    key="scope",
    producers=("milady-sync",),
    consumers=("compliance", "portal"),
):
    """A sync run came to its end. `scope` is `all`, `program:<id>` or `enrollment:<id>`; what failed keeps its older data."""

    sync_id: UUID
    scope: str
    scope_kind: Literal["all", "program", "enrollment"]
    scope_id: UUID | None
    as_of: datetime
    enrollments: int
    failed: tuple[UUID, ...]
    entries_changed: int
