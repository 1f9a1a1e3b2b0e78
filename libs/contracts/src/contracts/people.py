"""Who there is: `identity`'s events, and the kinds of principal that the databases know (SPEC 1, 3.10)."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from contracts.event import Event

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
    consumers=("onboarding", "milady-sync", "skills", "compliance", "messaging", "portal"),
    compacted=True,
):
    """A person's full state; the only topic with names, addresses and phones (SPEC 2)."""

    user_id: UUID
    status: Literal["active", "deactivated", "erased"]
    name: str
    email: str
    phone: str | None = None
    time_zone: str
    changed_at: datetime
