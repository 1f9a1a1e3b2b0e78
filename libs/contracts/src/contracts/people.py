"""Who there is: `identity`'s events, and the kinds of principal that the databases know (SPEC 1, 3.10)."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from contracts.event import Event
from contracts.fields import Instant, UserId

KINDS = ("student", "partner", "admin", "payroll_admin", "system")
"""Kinds of principal; each service has one database role for each. A person without any role acts as `student`."""


class Role(StrEnum):
    """What a person may be granted (SPEC, people)."""

    PROGRAM_HOLDER = "program_holder"
    WORKSITE = "worksite"
    SITE_COORDINATOR = "site_coordinator"
    ADMIN = "admin"


class StaffRole(StrEnum):
    """What administrators grant to people. Nobody holds both: an administrator reads no tax or bank number (SPEC, people)."""

    ADMIN = "admin"
    PAYROLL_ADMIN = "payroll_admin"


LAST_REVISION = 2**31 - 1
"""Of a person of whom nothing newer can be told."""
PARTNER_ROLES = (Role.PROGRAM_HOLDER, Role.WORKSITE, Role.SITE_COORDINATOR)


class UserChanged(
    Event,
    topic="user.changed",
    version=1,
    key="user_id",
    producers=("identity",),
    consumers=("onboarding", "milady-sync", "skills", "compliance", "messaging", "portal"),
    compacted=True,
):
    """A person's full state; the only topic with names, addresses and phones (SPEC 2). A record without a value: the person was erased."""

    user_id: UserId
    status: Literal["active", "deactivated", "erased"] = Field(
        description="Only an active person can sign in; an erased one has no name or address"
    )
    name: str = Field(description="As the person writes it")
    email: str = Field(description="Where mail goes")
    phone: str | None = Field(default=None, description="In international form, e.g. +13175550142")
    time_zone: str = Field(description="IANA name of the person's zone, for quiet hours")
    changed_at: Instant = Field(description="When this became so")

    @model_validator(mode="before")
    @classmethod
    def _without_a_name(cls, told: Any) -> Any:
        """Whatever is told of an erased person, nobody reads a name or an address in it."""
        nobody = {"name": "", "email": "", "phone": None, "time_zone": "UTC"}
        return {**told, **nobody} if isinstance(told, dict) and told.get("status") == "erased" else told

    @classmethod
    def erased(cls, user_id: UUID, revision: int, at: datetime) -> Self:
        """What is told of a person who was erased: that they were, and nothing else."""
        return cls(user_id=user_id, revision=revision, status="erased", name="", email="", time_zone="UTC", changed_at=at)

    @classmethod
    def of_tombstone(cls, key: str) -> Self:
        """The same, in a version that none comes after. Raises ValueError for a key that is no user's."""
        return cls.erased(UUID(key), LAST_REVISION, datetime.fromtimestamp(0, UTC))


class Purpose(StrEnum):
    """What a person may consent to; nothing of it follows from anything else."""

    TEXT_MESSAGES = "text_messages"
    PHOTOS = "photos"


class ConsentChanged(Event, topic="consent.changed", version=1, key="user_id", producers=("identity",), consumers=()):
    """Whether a person consents to one purpose; what was never told of was never consented to. `revision` counts within the purpose."""

    user_id: UserId
    purpose: Purpose = Field(description="`text_messages`: SMS to the person's phone; `photos`: pictures of the person's work")
    given: bool = Field(description="False once it was withdrawn")
    changed_at: Instant = Field(description="When this became so")
