"""Accounts."""

from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, EmailStr, Field, SecretStr, StringConstraints

from identity.domain.people import kind_of

NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]*$"


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("is not an IANA time zone; use a name like America/New_York")
    return name


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_CONTROL_CHARACTERS)]
Phone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$", description="In international form, e.g. +13175550142")]
TimeZone = Annotated[str, Field(max_length=64, description="IANA name"), AfterValidator(_known_zone)]


class SignUp(BaseModel):
    """Who signs up."""

    email: Annotated[EmailStr, Field(max_length=254)]
    name: Name
    password: Annotated[SecretStr, Field(min_length=12, max_length=200)]
    phone: Phone | None = None
    time_zone: TimeZone = "America/New_York"


class UserOut(BaseModel):
    """A person. `roles` are what was granted, `kind` is what they act as: student, partner or admin."""

    id: UUID
    email: str
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
        return cls(id=row.user_id, kind=kind_of(row.roles), **told)
