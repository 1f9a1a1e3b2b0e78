"""Passkeys."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Self

from chassis.fields import Line
from pydantic import BaseModel, BeforeValidator, Field

Credential = Annotated[dict[str, Any], Field(max_length=12, description="`PublicKeyCredential.toJSON()` of the browser")]


def encoded(passkey_id: bytes) -> str:
    """A passkey's id as browsers write it: base64url without padding."""
    return base64.urlsafe_b64encode(passkey_id).decode().rstrip("=")


def _decoded(told: Any) -> bytes:
    try:
        return base64.urlsafe_b64decode(f"{told}{'=' * (-len(str(told)) % 4)}")
    except (binascii.Error, ValueError):
        raise ValueError("is not an id of a passkey; use one of the list") from None


PasskeyId = Annotated[bytes, BeforeValidator(_decoded, json_schema_input_type=str)]


class PasskeyIn(BaseModel):
    """A new passkey, under the name that its owner knows it by."""

    name: Line
    credential: Credential


class PasskeySignIn(BaseModel):
    """A passkey's answer."""

    credential: Credential


class PasskeyOut(BaseModel):
    """A passkey of one's own."""

    id: str
    name: str
    made_at: datetime
    used_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `queries.passkeys`."""
        return cls(id=encoded(row.credential_id), name=row.name, made_at=row.made_at, used_at=row.used_at)


class PasskeyMade(PasskeyOut):
    """A new passkey; with the first second factor come recovery codes."""

    recovery_codes: list[str] | None
