"""Sessions."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from chassis.settings import Settings
from pydantic import BaseModel, Field, SecretStr

from identity.domain.people import kind_of
from identity.domain.sessions import ACCESS_FOR
from identity.schemas.people import NO_CONTROL_CHARACTERS
from identity.tokens import Granted, access_token


class SignIn(BaseModel):
    """Who signs in."""

    email: Annotated[str, Field(max_length=254, pattern=NO_CONTROL_CHARACTERS)]
    password: Annotated[SecretStr, Field(max_length=200)]


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
    """What a sign-in or a refresh gives. `refresh_token` is good for one use, within 30 days; `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int = int(ACCESS_FOR.total_seconds())
    refresh_token: str
    user: SessionUser

    @classmethod
    def of(cls, granted: Granted, settings: Settings, now: datetime) -> Self:
        """Signs the access token of what was granted at `now`."""
        user = granted.user
        told = SessionUser(id=user.user_id, name=user.name, email=user.email, roles=user.roles, kind=kind_of(user.roles))
        access = access_token(granted.key, user, granted.session_id, settings, now)
        return cls(access_token=access, refresh_token=granted.refresh_token, user=told)
