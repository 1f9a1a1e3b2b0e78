"""Dead letters: `<topic>.dlq` holds the original bytes and headers, with the error, the consumer and the origin in headers of their own."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from prometheus_client import Counter

from chassis.envelope import Delivery
from chassis.topics import partitions_of, records_of, to_the_end

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

    async def forget(self, topic: str, key: bytes) -> None:
        """Deletes the letters of `topic` that have the key or hold it in their value, whoever set them aside. A tombstone stays: it holds
        nothing, and its consumer has still to apply it.

        Kafka deletes from the beginning alone, so the others are written again behind them first. Ended halfway, or done by several at
        once, it leaves some of them there twice; each is read once. All take the same ones, so none writes again what another deleted.
        """
        reader = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
        await reader.start()
        try:
            for part in await partitions_of(self.bootstrap, topic + SUFFIX):
                reader.assign([part])
                letters = [letter async for letter in to_the_end(reader, [part])]
                others = [letter for letter in letters if not _is_of(letter, key)]
                if len(others) < len(letters):
                    await self._write_again({_origin(letter): letter for letter in others}.values())
                    await self._cut(part, letters[-1].offset + 1)
        finally:
            await reader.stop()

    async def _write_again(self, letters: Iterable[Any]) -> None:
        producer = await self._ready()
        for letter in letters:
            about = {"key": letter.key, "headers": list(letter.headers), "timestamp_ms": letter.timestamp}
            await producer.send_and_wait(letter.topic, value=letter.value, partition=letter.partition, **about)

    async def _cut(self, part: TopicPartition, end: int) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.delete_records({part: RecordsToDelete(before_offset=end)})
        finally:
            await admin.close()

    async def read(self, topics: list[str], consumer: str) -> AsyncIterator[DeadLetter]:
        """Every letter that `consumer` set aside of `topics`, oldest first within a topic; each origin once."""
        seen: set[tuple[str, int, int]] = set()
        for topic in topics:
            async for record in records_of(self.bootstrap, topic + SUFFIX):
                letter = _letter(record)
                origin = (letter.delivery.topic, letter.delivery.partition, letter.delivery.offset)
                if letter.consumer == consumer and origin not in seen:
                    seen.add(origin)
                    yield letter


def _is_of(letter: Any, key: bytes) -> bool:
    return letter.value is not None and (letter.key == key or key in letter.value)


def _origin(letter: Any) -> tuple[bytes | None, ...]:
    """Who set the record aside, and where it came from."""
    about = dict(letter.headers)
    return tuple(about.get(PREFIX + name) for name in ("consumer", "topic", "partition", "offset"))


def _letter(record: Any) -> DeadLetter:
    about = {name.removeprefix(PREFIX): value.decode("utf-8", "replace") for name, value in record.headers if name.startswith(PREFIX)}
    headers = [(name, bytes(value or b"")) for name, value in record.headers if not name.startswith(PREFIX)]
    origin = (about["topic"], int(about["partition"]), int(about["offset"]))
    return DeadLetter(Delivery.at(*origin, record.key, record.value, headers), about["consumer"], about["error"], about["at"])
