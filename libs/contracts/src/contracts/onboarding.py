"""`onboarding`'s events: partners and their papers, programs, enrollments and assignments (SPEC 3.7, 3.8)."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field, PositiveInt

from contracts.event import Event, Value
from contracts.fields import EnrollmentId, Instant, Minutes, PartnerId, ProgramId, StudentId, UserId
from contracts.people import Role


class Partner(Value):
    """A partner's state, the same in every event that speaks of one."""

    user_id: UserId
    role: Role
    status: Literal["pending", "approved", "active", "suspended"] = Field(description="How far the partner is")


class PartnerApplied(
    Event, Partner, topic="partner.applied", version=1, key="user_id", producers=("onboarding",), consumers=("messaging", "portal")
):
    """A person applied for a partner's role."""

    applied_at: Instant = Field(description="When they applied")


class PartnerApproved(
    Event, Partner, topic="partner.approved", version=1, key="user_id", producers=("onboarding",), consumers=("messaging", "portal")
):
    """An admin approved the application, or reinstated a suspended partner who has papers left to sign."""

    approved_at: Instant = Field(description="When the admin approved")
    approved_by: UUID = Field(description="The admin")


class PartnerActivated(
    Event,
    Partner,
    topic="partner.activated",
    version=1,
    key="user_id",
    producers=("onboarding",),
    consumers=("identity", "messaging", "portal"),
):
    """Everything is signed, set up and approved, or a suspension was lifted: `identity` grants the role."""

    activated_at: Instant = Field(description="When the last condition was met")


class PartnerSuspended(
    Event,
    Partner,
    topic="partner.suspended",
    version=1,
    key="user_id",
    producers=("onboarding",),
    consumers=("identity", "messaging", "portal"),
):
    """An admin suspended the partner: `identity` removes the role. A later `partner.activated` says that they are back."""

    suspended_at: Instant = Field(description="When the admin suspended")
    suspended_by: UUID = Field(description="The admin")


class DocumentSigned(
    Event, topic="document.signed", version=1, key="user_id", producers=("onboarding",), consumers=("messaging", "portal")
):
    """A person signed one version of one document."""

    signature_id: UUID = Field(description="The signature")
    user_id: UserId
    document_id: UUID = Field(description="The document")
    document_title: str = Field(description="Its title")
    document_version: PositiveInt = Field(description="Its version, from 1")
    document_hash: str = Field(description="SHA-256 of the exact bytes shown, in hexadecimal")
    signed_at: Instant = Field(description="When it was signed")


class Course(Value):
    """A theory course on Milady CIMA, known by its Milady code."""

    code: str = Field(description="Short name that does not change")
    title: str = Field(description="Name to show")
    minutes: Minutes = Field(description="Time that the course takes, and its weight in theory %")


class Skill(Value):
    """A practical service and how often it must be performed; no quota: it is logged but does not count towards practical %."""

    code: str = Field(description="Short name that does not change")
    title: str = Field(description="Name to show")
    quota: PositiveInt | None = Field(default=None, description="How many approved services the program asks for; empty: none")


class ProgramPublished(
    Event,
    topic="program.published",
    version=1,
    key="program_id",
    producers=("onboarding",),
    consumers=("milady-sync", "skills", "compliance", "messaging", "portal"),
):
    """A program as it is from now on."""

    program_id: ProgramId
    partner_id: PartnerId
    name: str = Field(description="Name to show")
    time_zone: str = Field(description="IANA name of the zone of the program's days, weeks and schedules")
    theory_minutes: Minutes = Field(description="Theory in the whole program")
    practical_minutes: Minutes = Field(description="Training on the chair in the whole program")
    required_minutes_per_week: Minutes = Field(description="Requirement of a new enrollment")
    inactivity_days_threshold: PositiveInt = Field(description="Idle days at which the inactivity check raises an alert")
    courses: tuple[Course, ...] = Field(description="The theory courses, in order")
    skills: tuple[Skill, ...] = Field(description="The catalogue of practical services")
    daily_cap_minutes: PositiveInt | None = Field(
        default=None, description="Most minutes of an enrollment's day that count without a coordinator's word; empty: no cap"
    )
    weekly_cap_minutes: PositiveInt | None = Field(default=None, description="The same for a week, Monday to Sunday")
    submitted_hours_count: bool = Field(default=True, description="Whether hours count for weeks and alerts before they are verified")
    reports_verified_only: bool = Field(default=True, description="Whether official reports count verified hours alone")


class Enrollment(Value):
    """An enrollment's state, the same in every event that speaks of one. Dates are in the program's time zone."""

    enrollment_id: EnrollmentId
    student_id: StudentId
    program_id: ProgramId
    cohort_id: UUID | None = Field(default=None, description="The cohort, if any")
    started_on: date = Field(description="First day; hours before it are refused")
    ended_on: date | None = Field(default=None, description="Last day; empty while it goes on")
    status: Literal["active", "withdrawn", "completed"] = Field(description="Only an active one takes hours and services")


class EnrollmentCreated(
    Event,
    Enrollment,
    topic="enrollment.created",
    version=1,
    key="enrollment_id",
    producers=("onboarding",),
    consumers=("milady-sync", "skills", "compliance", "portal"),
):
    """A student was enrolled in a program."""


class EnrollmentWithdrawn(
    Event,
    Enrollment,
    topic="enrollment.withdrawn",
    version=1,
    key="enrollment_id",
    producers=("onboarding",),
    consumers=("milady-sync", "skills", "compliance", "portal"),
):
    """The enrollment ended before completion; hours and services after `ended_on` are refused."""


class Assignment(Value):
    """Who may see a student's records, and as what."""

    assignment_id: UUID = Field(description="The assignment; `revision` is its version")
    student_id: StudentId
    partner_id: PartnerId
    role: Role
    program_id: ProgramId | None = Field(default=None, description="The program that it is limited to; empty: all")
    active: bool = Field(description="Whether it holds now")


class StudentAssigned(
    Event,
    Assignment,
    topic="student.assigned",
    version=1,
    key="student_id",
    producers=("onboarding",),
    consumers=("milady-sync", "skills", "compliance", "portal"),
):
    """From now on the partner sees the student's records (row-level security of every service)."""


class StudentUnassigned(
    Event,
    Assignment,
    topic="student.unassigned",
    version=1,
    key="student_id",
    producers=("onboarding",),
    consumers=("milady-sync", "skills", "compliance", "portal"),
):
    """From now on the partner no longer sees the student's records."""
