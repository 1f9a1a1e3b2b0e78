"""`milady-sync`'s events: accounts and courses on Milady CIMA, and what was synced from it (SPEC 3.4)."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from contracts.event import Event, Value
from contracts.fields import Count, EnrollmentId, Instant, Minutes, Percent, ProgramId, StudentId


class MiladyCourse(Value):
    """One of our courses as Milady knows it."""

    course_code: str = Field(description="Milady's code of the course")
    title: str = Field(description="Name of the course")
    milady_enrollment_id: str = Field(description="Milady's id of the student's place in the course")


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

    enrollment_id: EnrollmentId
    attempt: int = Field(description="Which try this is, from 1")


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

    sync_id: UUID = Field(description="The sync run")
    enrollment_id: EnrollmentId


class MiladyProvisioned(
    Event,
    topic="milady.provisioned",
    version=1,
    key="enrollment_id",
    producers=("milady-sync",),
    consumers=("messaging", "portal"),
):
    """The student has an account on Milady and is enrolled in every course of the program."""

    enrollment_id: EnrollmentId
    student_id: StudentId
    program_id: ProgramId
    milady_student_id: str = Field(description="Milady's id of the student")
    courses: tuple[MiladyCourse, ...] = Field(description="The courses that the student is now enrolled in")
    provisioned_at: Instant = Field(description="When all of it was done")


class MiladyProvisioningFailed(
    Event,
    topic="milady.provisioning-failed",
    version=1,
    key="enrollment_id",
    producers=("milady-sync",),
    consumers=("portal",),
):
    """Milady did not take the student; it is tried again at `next_attempt_at`, or by hand when that is empty."""

    enrollment_id: EnrollmentId
    student_id: StudentId
    program_id: ProgramId
    reason: str = Field(description="What went wrong, in words")
    attempts: Count = Field(description="How often it was tried")
    next_attempt_at: Instant | None = Field(description="When it is tried again; empty: only by hand")


class CourseProgressed(
    Event,
    topic="course.progressed",
    version=1,
    key="enrollment_id",
    producers=("milady-sync",),
    consumers=("onboarding", "portal"),
):
    """Where a student stands in one course, as Milady says at `as_of`. `percent` is 0 to 100, unrounded."""

    enrollment_id: EnrollmentId
    student_id: StudentId
    course_code: str = Field(description="Milady's code of the course")
    title: str = Field(description="Name of the course")
    percent: Percent
    minutes_spent: Minutes = Field(description="Time spent in the course")
    minutes_required: Minutes = Field(description="Time that the course takes")
    last_accessed_at: Instant | None = Field(description="When the student was last in the course; empty if never")
    as_of: Instant = Field(description="When Milady said so")


class SyncFinished(
    Event,
    topic="sync.finished",
    version=1,
    key="scope",
    producers=("milady-sync",),
    consumers=("compliance", "portal"),
):
    """A sync run came to its end. `scope` is `all`, `program:<id>` or `enrollment:<id>`; what failed keeps its older data."""

    sync_id: UUID = Field(description="The sync run")
    scope: str = Field(description="`all`, `program:<id>` or `enrollment:<id>`")
    scope_kind: Literal["all", "program", "enrollment"] = Field(description="What the scope names")
    scope_id: UUID | None = Field(description="The program or the enrollment; empty for `all`")
    as_of: Instant = Field(description="Up to when Milady's data is known now")
    enrollments: Count = Field(description="How many enrollments were synced")
    failed: tuple[UUID, ...] = Field(description="Enrollments that could not be read; they keep their older data")
    entries_changed: Count = Field(description="How many ledger entries are new, restated or voided")
