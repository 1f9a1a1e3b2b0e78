"""HTTP bodies."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel


class NotificationOut(BaseModel):
    """A message to a person. `subject` is there once it was sent; `sent_at` is in UTC."""

    id: UUID
    recipient_id: UUID
    kind: str
    channel: Literal["email", "sms"]
    subject: str | None
    status: Literal["pending", "sending", "sent", "failed"]
    created_at: datetime
    sent_at: datetime | None
    reason: str | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `message`."""
        return cls(id=row.message_id, **{name: getattr(row, name) for name in cls.model_fields if name != "id"})
