"""Dead letters: `<topic>.dlq` holds the original bytes and headers, with the error, the consumer and the origin in headers of their own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from prometheus_client import Counter

from chassis.envelope import Delivery

SUFFIX = ".dlq"
PREFIX = "dlq_"
dead = Counter("dead_letters_total", "Events set aside", ["consumer", "topic"])


def _sendable(name: str) -> str:
    """A header name as Kafka's clients can carry it: bytes that were not UTF-8 stand escaped."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@dataclass(frozen=True)
class DeadLetter:
    """One letter as it lies there."""

    delivery: Delivery
    consumer: str
    error: str
    at: str


class DeadLetters:
    """Writes and reads the dead letters of one service; connects on first use."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def put(self, delivery: Delivery, consumer: str, error: BaseException) -> None:
        """Sets one delivery aside; returns when the broker has it."""
        now = datetime.now(UTC).isoformat()
        about = {"error": f"{type(error).__name__}: {error}"[:2000], "consumer": consumer, "topic": delivery.topic,
                 "partition": str(delivery.partition), "offset": str(delivery.offset), "at": now}  # fmt: skip
        headers = [
            *((_sendable(name), value) for name, value in delivery.headers),
            *((PREFIX + name, value.encode()) for name, value in about.items()),
        ]
        producer = await self._ready()
        await producer.send_and_wait(delivery.topic + SUFFIX, value=delivery.value, key=delivery.key, headers=headers)
        dead.labels(consumer, delivery.topic).inc()

    async def _ready(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all", enable_idempotence=True)
                await producer.start()
                self._producer = producer
            return self._producer

    async def close(self) -> None:
        """Flushes and disconnects."""
        if self._producer:
            await self._producer.stop()

    async def _partitions(self, topic: str) -> list[TopicPartition]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            (found,) = await admin.describe_topics([topic])
            return [TopicPartition(topic, part["partition"]) for part in found["partitions"]]
        finally:
            await admin.close()

    async def read(self, topics: list[str], consumer: str) -> AsyncIterator[DeadLetter]:
        """Every letter that `consumer` set aside of `topics`, oldest first within a topic; each origin once."""
        reader = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
        await reader.start()
        try:
            seen: set[tuple[str, int, int]] = set()
            for topic in topics:
                async for letter in _letters(reader, await self._partitions(topic + SUFFIX)):
                    origin = (letter.delivery.topic, letter.delivery.partition, letter.delivery.offset)
                    if letter.consumer == consumer and origin not in seen:
                        seen.add(origin)
                        yield letter
        finally:
            await reader.stop()


async def _letters(reader: AIOKafkaConsumer, partitions: list[TopicPartition]) -> AsyncIterator[DeadLetter]:
    reader.assign(partitions)
    ends = await reader.end_offsets(partitions)
    await reader.seek_to_beginning(*partitions)
    while any([await reader.position(part) < ends[part] for part in partitions]):
        for records in (await reader.getmany(timeout_ms=500)).values():
            for record in records:
                about = {
                    name.removeprefix(PREFIX): value.decode("utf-8", "replace") for name, value in record.headers if name.startswith(PREFIX)
                }
                headers = [(name, bytes(value or b"")) for name, value in record.headers if not name.startswith(PREFIX)]
                origin = (about["topic"], int(about["partition"]), int(about["offset"]))
                yield DeadLetter(Delivery.at(*origin, record.key, record.value, headers), about["consumer"], about["error"], about["at"])
