"""Machine clients."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from chassis.fields import Line
from contracts.scopes import Scope
from pydantic import BaseModel, Field

from identity.domain.sessions import ACCESS_FOR


class ClientIn(BaseModel):
    """A program of an integrator's, and what it may do."""

    name: Line
    scopes: Annotated[set[Scope], Field(min_length=1)]


class SecretOut(BaseModel):
    """That there is a secret; itself it was shown once."""

    id: UUID
    created_at: datetime
    revoked_at: datetime | None


class ClientOut(BaseModel):
    """A client with its secrets, the oldest first; `id` is its OAuth `client_id`."""

    id: UUID
    name: str
    scopes: list[str]
    created_by: UUID
    created_at: datetime
    secrets: list[SecretOut]

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `queries.clients`."""
        told = {name: getattr(row, name) for name in ("name", "scopes", "created_by", "created_at", "secrets")}
        return cls(id=row.client_id, **told)


class NewSecretOut(BaseModel):
    """A secret, shown this once."""

    id: UUID
    client_id: UUID
    client_secret: str


class TokenOut(BaseModel):
    """RFC 6749, section 5.1. `expires_in` is in seconds; there is no refresh token, a client asks anew."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int = int(ACCESS_FOR.total_seconds())
    scope: str
