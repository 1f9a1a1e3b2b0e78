"""Telling people: what another service asks of `messaging`, and what became of it (SPEC 3.9)."""

from typing import Literal
from uuid import UUID

from pydantic import Field, JsonValue

from contracts.event import Event
from contracts.fields import Instant


class MessageRequested(
    Event,
    topic="message.requested",
    version=1,
    key="recipient_id",
    producers=("compliance", "identity", "onboarding"),
    consumers=("messaging",),
):
    """Tell a person something once. `kind` names the template (e.g. `alerts-digest`), `data` fills it; ids only, no names."""

    message_id: UUID = Field(description="The message; the same one again is told once. `revision` is its version")
    recipient_id: UUID = Field(description="The person who is told")
    kind: str = Field(description="Name of the template, e.g. `alerts-digest`")
    data: dict[str, JsonValue] = Field(
        description="What fills the template: ids, numbers and dates, never names or addresses. `token` is a secret that is good once"
    )


class MessageSent(Event, topic="message.sent", version=1, key="recipient_id", producers=("messaging",), consumers=("portal",)):
    """A provider accepted the message."""

    message_id: UUID = Field(description="The message; the same one again is told once. `revision` is its version")
    recipient_id: UUID = Field(description="The person who is told")
    kind: str = Field(description="Name of the template, e.g. `alerts-digest`")
    channel: Literal["email", "sms"] = Field(description="How it was sent")
    sent_at: Instant = Field(description="When the provider accepted it")


class MessageFailed(Event, topic="message.failed", version=1, key="recipient_id", producers=("messaging",), consumers=("portal",)):
    """No provider took the message; it is not tried again by itself."""

    message_id: UUID = Field(description="The message; the same one again is told once. `revision` is its version")
    recipient_id: UUID = Field(description="The person who is told")
    kind: str = Field(description="Name of the template, e.g. `alerts-digest`")
    channel: Literal["email", "sms"] = Field(description="How it was sent")
    reason: str = Field(description="What the provider said")
    failed_at: Instant = Field(description="When it was given up")
