"""Accounts."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from chassis.fields import Line, TimeZone
from pydantic import BaseModel, EmailStr, Field

from identity.domain.people import kind_of
from identity.schemas.passwords import Password

Phone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$", description="In international form, e.g. +13175550142")]


class SignUp(BaseModel):
    """Who signs up."""

    email: Annotated[EmailStr, Field(max_length=254)]
    name: Line
    password: Password
    phone: Phone | None = None
    time_zone: TimeZone = "America/New_York"


class ProfileChange(BaseModel):
    """What is to change of an account; what is not named stays. A null `phone` takes the number away."""

    name: Line = Field(default_factory=str)
    phone: Phone | None = None
    time_zone: TimeZone = Field(default_factory=str)


def etag(row: Any) -> str:
    """The ETag of an account."""
    return f'"{row.revision}"'


class UserOut(BaseModel):
    """A person. `roles` are what was granted, `kind` is what they act as: student, partner, admin or payroll_admin."""

    id: UUID
    email: str
    email_verified: bool
    name: str
    phone: str | None
    time_zone: str
    status: Literal["active", "deactivated", "erased"]
    roles: list[str]
    kind: str
    created_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `queries`."""
        told = {name: getattr(row, name) for name in ("email", "name", "phone", "time_zone", "status", "roles", "created_at")}
        return cls(id=row.user_id, email_verified=row.email_verified_at is not None, kind=kind_of(row.roles), **told)
