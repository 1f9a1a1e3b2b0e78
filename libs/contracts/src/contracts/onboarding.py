"""`onboarding`'s events: partners and their papers, programs, enrollments and assignments (SPEC 3.7, 3.8)."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from contracts.event import Event, Minutes, Value
from contracts.people import Role


class Partner(Value):
    """A partner's state, the same in every event that speaks of one."""

    user_id: UUID
    role: Role
    status: Literal["pending", "approved", "active", "suspended"]


class PartnerApplied(
    Event, Partner, topic="partner.applied", version=1, key="user_id", producers=("onboarding",), consumers=("messaging", "portal")
):
    """A person applied for a partner's role."""

    applied_at: datetime


class PartnerApproved(
    Event, Partner, topic="partner.approved", version=1, key="user_id", producers=("onboarding",), consumers=("messaging", "portal")
):
    """An admin approved the application."""

    approved_at: datetime
    approved_by: UUID


class PartnerActivated(
    Event,
    Partner,
    topic="partner.activated",
    version=1,
    key="user_id",
    producers=("onboarding",),
    consumers=("identity", "messaging", "portal"),
):
    """Everything is signed, set up and approved: `identity` grants the role."""

    activated_at: datetime


class DocumentSigned(
    Event, topic="document.signed", version=1, key="user_id", producers=("onboarding",), consumers=("messaging", "portal")
):
    """A person signed one version of one document."""

    signature_id: UUID
    user_id: UUID
    document_id: UUID
    document_title: str
    document_version: int
    document_hash: str
    signed_at: datetime


class Course(Value):
    """A theory course on Milady CIMA, known by its Milady code."""

    code: str
    title: str
    minutes: Minutes


class Skill(Value):
    """A practical service and how often it must be performed; no quota: it is logged but does not count towards practical %."""

    code: str
    title: str
    quota: int | None = None


class ProgramPublished(
    Event,
    topic="program.published",
    version=1,
    key="program_id",
    producers=("onboarding",),
    consumers=("milady-sync", "skills", "compliance", "messaging", "portal"),
):
    """A program as it is from now on."""

    program_id: UUID
    partner_id: UUID
    name: str
    time_zone: str
    theory_minutes: Minutes
    practical_minutes: Minutes
    required_minutes_per_week: Minutes
    inactivity_days_threshold: int
    courses: tuple[Course, ...]
    skills: tuple[Skill, ...]


class Enrollment(Value):
    """An enrollment's state, the same in every event that speaks of one. Dates are in the program's time zone."""

    enrollment_id: UUID
    student_id: UUID
    program_id: UUID
    cohort_id: UUID | None = None
    started_on: date
    ended_on: date | None = None
    status: Literal["active", "withdrawn", "completed"]


class EnrollmentCreated(
    Event,
    Enrollment,
    topic="enrollment.created",
    version=1,
    key="enrollment_id",
    producers=("onboarding",),
    consumers=("milady-sync", "skills", "compliance", "messaging", "portal"),
):
    """A student was enrolled in a program."""


class EnrollmentWithdrawn(
    Event,
    Enrollment,
    topic="enrollment.withdrawn",
    version=1,
    key="enrollment_id",
    producers=("onboarding",),
    consumers=("milady-sync", "skills", "compliance", "messaging", "portal"),
):
    """The enrollment ended before completion; hours and services after `ended_on` are refused."""


class Assignment(Value):
    """Who may see a student's records, and as what."""

    assignment_id: UUID
    student_id: UUID
    partner_id: UUID
    role: Role
    program_id: UUID | None = None
    active: bool


class StudentAssigned(
    Event,
    Assignment,
    topic="student.assigned",
    version=1,
    key="student_id",
    producers=("onboarding",),
    consumers=("milady-sync", "skills", "compliance", "messaging", "portal"),
):
    """From now on the partner sees the student's records (row-level security of every service)."""


class StudentUnassigned(
    Event,
    Assignment,
    topic="student.unassigned",
    version=1,
    key="student_id",
    producers=("onboarding",),
    consumers=("milady-sync", "skills", "compliance", "messaging", "portal"),
):
    """From now on the partner no longer sees the student's records."""
