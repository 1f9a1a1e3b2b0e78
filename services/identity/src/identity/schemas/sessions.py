"""Sessions."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from chassis.fields import NO_CONTROL_CHARACTERS
from pydantic import BaseModel, Field, SecretStr

from identity.domain.people import kind_of
from identity.domain.sessions import ACCESS_FOR
from identity.schemas.passwords import GivenPassword
from identity.settings import IdentitySettings
from identity.tokens import Granted, SigningKey, access_token, is_narrowed


class SignIn(BaseModel):
    """Who signs in."""

    email: Annotated[str, Field(max_length=254, pattern=NO_CONTROL_CHARACTERS)]
    password: GivenPassword


class Refresh(BaseModel):
    """A session that goes on."""

    refresh_token: Annotated[SecretStr, Field(max_length=200)]


class SessionUser(BaseModel):
    """Who is signed in."""

    id: UUID
    name: str
    email: str
    roles: list[str]
    kind: str


class SessionOut(BaseModel):
    """What a sign-in or a refresh gives. `refresh_token` is good for one use, within 30 days; `expires_in` is in seconds.

    `must_enroll`: the access token opens the enrolment of a second factor alone. The refresh after it gives a whole one.
    """

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int = int(ACCESS_FOR.total_seconds())
    refresh_token: str
    user: SessionUser
    must_enroll: bool = False

    @classmethod
    def of(cls, granted: Granted, key: SigningKey, settings: IdentitySettings, now: datetime) -> Self:
        """Signs the access token of what was granted at `now` with `key`."""
        user = granted.user
        told = SessionUser(id=user.user_id, name=user.name, email=user.email, roles=user.roles, kind=kind_of(user.roles))
        access = access_token(key, granted, settings, now)
        return cls(access_token=access, refresh_token=granted.refresh_token, user=told, must_enroll=is_narrowed(granted, settings))


class SessionListed(BaseModel):
    """A session that can still go on. `ip` and `user_agent` are those of its last use, times are in UTC."""

    id: UUID
    started_at: datetime
    last_used_at: datetime
    ip: str | None
    user_agent: str | None
    current: bool

    @classmethod
    def of(cls, row: Any, current: str | None) -> Self:
        """From a row of `queries.sessions`; `current` is the id of the session that asks."""
        told = {name: getattr(row, name) for name in ("started_at", "last_used_at", "ip", "user_agent")}
        return cls(id=row.session_id, current=str(row.session_id) == current, **told)
