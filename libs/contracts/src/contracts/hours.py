"""Hours of training: `compliance`'s ledger entries, and those that `milady-sync` reads from Milady (SPEC 3.2)."""

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import Field

from contracts.event import Event, Value
from contracts.fields import EnrollmentId, Minutes, StudentId


class Source(StrEnum):
    """Where hours come from (SPEC 3.2)."""

    MANUAL = "manual"
    SCORM = "scorm"
    PARTNER = "partner"
    MOBILE = "mobile"
    LMS = "lms"
    COORDINATOR = "coordinator"


class Category(StrEnum):
    """Classroom (related technical instruction) or on the job."""

    THEORY = "theory"
    PRACTICAL = "practical"


class HoursStatus(StrEnum):
    """`lms` hours are verified by nature; a void is a revision of zero minutes."""

    SUBMITTED = "submitted"
    VERIFIED = "verified"
    REJECTED = "rejected"
    VOIDED = "voided"


def hours_to_minutes(old: dict[str, Any]) -> dict[str, Any]:
    """Lifts `hours.logged` 1 (decimal hours) to 2 (whole minutes, rounded half to even)."""
    lifted = {name: value for name, value in old.items() if name != "hours"}
    minutes = (Decimal(str(old["hours"])) * 60).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    return {**lifted, "minutes": int(minutes)}


class HoursLogged(
    Event,
    topic="hours.logged",
    version=2,
    key="enrollment_id",
    producers=("compliance", "milady-sync"),
    consumers=("compliance", "portal"),
    lifts={1: hours_to_minutes},
    partitions=6,
):
    """Minutes of training on one date, as first logged or as restated: the newest revision of `log_id` counts (SPEC 3.2)."""

    log_id: UUID = Field(description="The ledger entry; `revision` is its version")
    enrollment_id: EnrollmentId
    student_id: StudentId
    work_date: date = Field(description="Day of the training, in the program's time zone")
    minutes: Minutes = Field(description="Whole minutes of training")
    category: Category
    source: Source
    status: HoursStatus
    logged_by: UUID | None = Field(default=None, description="Who logged them; empty for `lms` hours")
    external_key: str | None = Field(
        default=None, description="The entry's name in the system that it comes from; the same one again is the same entry"
    )


class HoursVoided(
    Event,
    topic="hours.voided",
    version=1,
    key="enrollment_id",
    producers=("compliance", "milady-sync"),
    consumers=("compliance", "portal"),
    partitions=6,
):
    """The entry counts no more; a revision of zero minutes (SPEC 3.2)."""

    log_id: UUID = Field(description="The ledger entry; `revision` is its version")
    enrollment_id: EnrollmentId
    student_id: StudentId
    work_date: date = Field(description="Day of the training, in the program's time zone")
    source: Source
    reason: str = Field(description="Why it counts no more")


class Decision(Value):
    """An entry that somebody decided on, the same whatever was decided."""

    log_id: UUID = Field(description="The ledger entry; `revision` is its version")
    enrollment_id: EnrollmentId
    student_id: StudentId
    work_date: date = Field(description="Day of the training, in the program's time zone")
    minutes: Minutes = Field(description="Whole minutes of training, as they were decided on")
    category: Category
    source: Source
    logged_by: UUID | None = Field(default=None, description="Who logged them")
    decided_by: UUID = Field(description="The site coordinator or administrator who decided; never who logged or corrected them")


class HoursVerified(
    Event,
    Decision,
    topic="hours.verified",
    version=1,
    key="enrollment_id",
    producers=("compliance",),
    consumers=("portal",),
    partitions=6,
):
    """Somebody else than their author says that the hours are right: they count in official reports (SPEC 3.2)."""


class HoursRejected(
    Event,
    Decision,
    topic="hours.rejected",
    version=1,
    key="enrollment_id",
    producers=("compliance",),
    consumers=("portal",),
    partitions=6,
):
    """The hours were not right: the entry stays and counts no more (SPEC 3.2)."""

    reason: str = Field(description="Why, in the words of whoever decided")
