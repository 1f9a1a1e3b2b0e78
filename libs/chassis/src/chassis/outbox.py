"""Publishing: events are rows of the transaction that makes them true; `chassis.relay` carries them to Kafka in order (ARCHITECTURE 4)."""

from datetime import datetime
from typing import Any, Protocol

import uuid_utils
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

from chassis.database import Transaction
from chassis.telemetry import current_trace_id, current_traceparent, tracer


class Publishable(Protocol):
    """What an event must know of itself to be published."""

    @property
    def topic(self) -> str: ...
    @property
    def key_text(self) -> str: ...
    @classmethod
    def schema_uri(cls) -> str: ...
    def to_json(self) -> bytes: ...


def publish(tx: Transaction, event: Publishable) -> None:
    """Says that `event` happened, if and only if `tx` commits. The order within a key is the order of the commits.

    It goes on in the trace that is under way; in a handler of sets, in the trace of the event with the same key.
    """
    _append(tx, event, event.to_json().decode())


def bury(tx: Transaction, event: Publishable) -> None:
    """Publishes a tombstone for the event's key on its compacted topic, which then forgets everything before it.

    The service's own outbox must take a row without a value.
    """
    _append(tx, event, None)


def _append(tx: Transaction, event: Publishable, value: str | None) -> None:
    cause = tx.causes.get(event.key_text) if current_trace_id() is None else None
    row: dict[str, Any] = {
        "message_id": str(uuid_utils.uuid7()),
        "topic": event.topic,
        "key": event.key_text,
        "schema_uri": event.schema_uri(),
        "value": value,
        "traceparent": traceparent_to(event.topic, cause),
    }
    tx.events.append(row)


def traceparent_to(topic: str, cause: Context | None = None) -> str | None:
    """The traceparent of what is published on a topic now, by a span of its own; `cause` stands in where nothing is traced."""
    with tracer.start_as_current_span(f"publish {topic}", context=cause, kind=SpanKind.PRODUCER) as span:
        span.set_attribute("messaging.destination.name", topic)
        return current_traceparent()


def envelope(service: str, row: Any) -> list[tuple[str, bytes]]:
    """The CloudEvents 1.0 headers of an outbox row (binary mode)."""
    created: datetime = row["created_at"]
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(row["message_id"]).encode()),
        ("ce_type", row["topic"].encode()),
        ("ce_source", service.encode()),
        ("ce_time", created.isoformat().encode()),
        ("ce_dataschema", row["schema_uri"].encode()),
        ("ce_subject", row["key"].encode()),
        ("content-type", b"application/json"),
    ]
    if row["traceparent"]:
        headers.append(("traceparent", row["traceparent"].encode()))
    return headers


async def replay(tx: Transaction, *, topic: str | None = None, since: datetime | None = None) -> int:
    """Marks published events as not published, so that the active relay carries them again, in order. Returns how many.

    Consumers that have them already drop them by their ids; after a lost Kafka cluster nothing is missing.
    """
    found = await tx.execute(
        """update outbox set published_at = null where published_at is not null
           and topic = coalesce(:topic, topic) and created_at >= coalesce(cast(:since as timestamptz), '-infinity')""",
        {"topic": topic, "since": since},
    )
    return found.rowcount
