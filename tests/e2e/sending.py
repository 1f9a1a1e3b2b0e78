"""Records that a test puts on topics in a service's name. All of them bear a mark, so that other tests know them for what they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer, ConsumerRecord
from chassis.outbox import envelope
from contracts.event import Event
from dev.stack import Stack

from .looking import PLANTED

MARK = (PLANTED, b"1")
Headers = list[tuple[str, bytes]]


@dataclass(frozen=True)
class Planted:
    """A record as it was sent, and where it lies."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def origin(self) -> str:
        """As dead letters name it."""
        return f"{self.topic}/{self.partition}/{self.offset}"


def headers_of(source: str, event: Event, message_id: UUID | None = None) -> Headers:
    """The headers of an event as the relay of `source` would write them, and the mark."""
    row = {"message_id": message_id or uuid4(), "topic": event.topic, "key": event.key_text, "schema_uri": event.schema_uri()}
    return [*envelope(source, {**row, "traceparent": None, "created_at": datetime.now(UTC)}), MARK]


async def plant(stack: Stack, topic: str, partition: int, *contents: tuple[bytes | None, bytes | None, Headers]) -> list[Planted]:
    """Puts records (key, value, headers) onto one partition, in order."""
    found = []
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka, acks="all", enable_idempotence=True) as producer:
        for key, value, headers in contents:
            place = await producer.send_and_wait(topic, value, key=key, partition=partition, headers=headers)
            found.append(Planted(topic, partition, place.offset, key, value, headers))
    return found


async def send(stack: Stack, source: str, *events: Event) -> list[UUID]:
    """Publishes events in the name of `source`; their message ids."""
    ids = [uuid4() for _ in events]
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka, acks="all", enable_idempotence=True) as producer:
        for message_id, event in zip(ids, events, strict=True):
            await producer.send_and_wait(
                event.topic, event.to_json(), key=event.key_text.encode(), headers=headers_of(source, event, message_id)
            )
    return ids


async def send_again(stack: Stack, records: Iterable[ConsumerRecord[bytes, bytes]], *, as_new: bool) -> int:
    """Sends records once more, as copies or, `as_new`, under message ids of their own. How many."""
    count = 0
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka, acks="all", enable_idempotence=True) as producer:
        for record in records:
            headers = dict(record.headers) | dict([MARK]) | ({"ce_id": str(uuid4()).encode()} if as_new else {})
            await producer.send_and_wait(record.topic, record.value, key=record.key, headers=list(headers.items()))
            count += 1
    return count
