"""Who there is: `identity`'s events, and the kinds of principal that the databases know (SPEC 1, 3.10)."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from contracts.event import Event
from contracts.fields import Instant, UserId

KINDS = ("student", "partner", "admin", "system")
"""Kinds of principal; each service has one database role for each. A person without a partner's or admin's role acts as `student`."""


class Role(StrEnum):
    """What a person may be granted (SPEC, people)."""

    PROGRAM_HOLDER = "program_holder"
    WORKSITE = "worksite"
    SITE_COORDINATOR = "site_coordinator"
    ADMIN = "admin"


PARTNER_ROLES = (Role.PROGRAM_HOLDER, Role.WORKSITE, Role.SITE_COORDINATOR)


class UserChanged(
    Event,
    topic="user.changed",
    version=1,
    key="user_id",
    producers=("identity",),
    consumers=("onboarding", "milady-sync", "messaging", "portal"),
    compacted=True,
):
    """A person's full state; the only topic with names, addresses and phones (SPEC 2)."""

    user_id: UserId
    status: Literal["active", "deactivated", "erased"] = Field(
        description="Only an active person can sign in; an erased one has no name or address"
    )
    name: str = Field(description="As the person writes it")
    email: str = Field(description="Where mail goes")
    phone: str | None = Field(default=None, description="In international form, e.g. +13175550142")
    time_zone: str = Field(description="IANA name of the person's zone, for quiet hours")
    changed_at: Instant = Field(description="When this became so")
