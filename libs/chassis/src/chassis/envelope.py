"""Reading a Kafka record as a CloudEvent, whatever it turns out to be."""

from dataclasses import dataclass
from typing import Any, Protocol, Self
from uuid import UUID, uuid5

from aiokafka import ConsumerRecord

Headers = list[tuple[str, bytes]]
ORIGIN = UUID("6f1c2a52-9d1e-4c55-8a43-0a4a7a8f6f10")
"""Namespace for the ids of records that bring none of their own."""


class EventType(Protocol):
    """What the inbox must know of an event class."""

    topic: str
    compacted: bool

    @classmethod
    def read(cls, schema_uri: str, body: bytes) -> Any: ...
    @classmethod
    def of_tombstone(cls, key: str) -> Any: ...


class UnreadableError(ValueError):
    """The record is not an event that this service can read; trying again changes nothing."""


@dataclass(slots=True)
class Delivery:
    """One record as it came: where from, the bytes, and, once read, the event in it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    id: UUID
    type: str = ""
    source: str = ""
    schema_uri: str = ""
    traceparent: str | None = None
    event: Any = None
    prepared: Any = None

    @classmethod
    def of(cls, record: ConsumerRecord[Any, Any]) -> Self:
        """Never fails: what cannot be read is left empty, and the id falls back to the record's coordinates."""
        headers = [(name, bytes(value or b"")) for name, value in record.headers]
        return cls.at(record.topic, record.partition, record.offset, record.key, record.value, headers)

    @classmethod
    def at(cls, topic: str, partition: int, offset: int, key: bytes | None, value: bytes | None, headers: Headers) -> Self:
        """The delivery of these bytes from these coordinates."""
        found = {name: value.decode("utf-8", "replace") for name, value in headers}
        try:
            message_id = UUID(found["ce_id"])
        except (KeyError, ValueError):
            message_id = uuid5(ORIGIN, f"{topic}/{partition}/{offset}")
        return cls(
            topic, partition, offset, key, value, headers, message_id,
            found.get("ce_type", ""), found.get("ce_source", ""), found.get("ce_dataschema", ""), found.get("traceparent"),
        )  # fmt: skip

    def read_as(self, kind: EventType) -> None:
        """Fills `event`; a tombstone may stand for none. Raises UnreadableError with the reason."""
        for name, value in self.headers:
            try:
                name.encode()
                value.decode()
            except UnicodeError as error:
                raise UnreadableError(f"header {name!r} is not UTF-8") from error
        if self.value is None and not kind.compacted:
            raise UnreadableError("the record has no value")
        try:
            if self.value is None:
                self.event = kind.of_tombstone((self.key or b"").decode())
            else:
                self.event = kind.read(self.schema_uri, self.value)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise UnreadableError(f"{type(error).__name__}: {error}") from error
