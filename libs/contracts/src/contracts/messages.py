"""Telling people: what another service asks of `messaging`, and what became of it (SPEC 3.9)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import JsonValue

from contracts.event import Event


class MessageRequested(
    Event,
    topic="message.requested",
    version=1,
    key="recipient_id",
    producers=("compliance", "identity", "onboarding"),
    consumers=("messaging",),
):
    """Tell a person something once. `kind` names the template (e.g. `alerts-digest`), `data` fills it; ids only, no names."""

    message_id: UUID
    recipient_id: UUID
    kind: str
    data: dict[str, JsonValue]


class MessageSent(Event, topic="message.sent", version=1, key="recipient_id", producers=("messaging",), consumers=("portal",)):
    """A provider accepted the message."""

    message_id: UUID
    recipient_id: UUID
    kind: str
    channel: Literal["email", "sms"]
    sent_at: datetime


class MessageFailed(Event, topic="message.failed", version=1, key="recipient_id", producers=("messaging",), consumers=("portal",)):
    """No provider took the message; it is not tried again by itself."""

    message_id: UUID
    recipient_id: UUID
    kind: str
    channel: Literal["email", "sms"]
    reason: str
    failed_at: datetime
