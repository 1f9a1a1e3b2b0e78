"""Publishing: events are rows of the transaction that makes them true, and a relay carries them to Kafka in order (ARCHITECTURE 4)."""

import asyncio
import time
from collections import defaultdict
from datetime import datetime
from typing import Any, Protocol

import asyncpg
import structlog
import uuid_utils
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner
from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Gauge

from chassis.database import Database, Transaction, is_transient
from chassis.schema import role
from chassis.telemetry import current_trace_id, current_traceparent, tracer

log = structlog.get_logger()
published = Counter("outbox_published_total", "Events that the relay carried to Kafka", ["topic"])
depth = Gauge("outbox_depth", "Committed events that are not in Kafka yet, counted up to 100,000")
age = Gauge("outbox_age_seconds", "Age of the oldest of them")

BATCH = 2000
BUSY_POLL, IDLE_POLL, BUSY_FOR = 0.0015, 0.25, 0.06
"""Seconds. NOTIFY is a hint at most every 0.04 s, so the relay polls on for longer than that after each event."""
STANDBY_POLL = 1.0
MEASURE_EVERY = 5.0
LOCK = "select pg_try_advisory_lock(hashtext('outbox relay'))"
READ = """select id, message_id, topic, key, schema_uri, value, traceparent, created_at from outbox
 where published_at is null order by id limit $1"""
WAITING = """select (select count(*) from (select from outbox where published_at is null limit 100000) w) as depth,
 coalesce((select extract(epoch from now() - created_at) from outbox where published_at is null order by id limit 1), 0) as age"""
MARK = "update outbox set published_at = now() where published_at is null and id = any($1::bigint[])"
partition_of_key = DefaultPartitioner()


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
    cause = tx.causes.get(event.key_text) if current_trace_id() is None else None
    with tracer.start_as_current_span(f"publish {event.topic}", context=cause, kind=SpanKind.PRODUCER) as span:
        span.set_attribute("messaging.destination.name", event.topic)
        row: dict[str, Any] = {
            "message_id": str(uuid_utils.uuid7()),
            "topic": event.topic,
            "key": event.key_text,
            "schema_uri": event.schema_uri(),
            "value": event.to_json().decode(),
            "traceparent": current_traceparent(),
        }
    tx.events.append(row)


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


class Relay:
    """Carries committed events to Kafka. One is active per database: who holds the advisory lock, while its connection lives."""

    def __init__(self, database: Database, bootstrap: str) -> None:
        self.database = database
        self.bootstrap = bootstrap
        self.active = False
        self.connected = False
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Relays until `stop`; after any fault of database or broker it starts over, with what is not marked yet."""
        while not self.stopping.is_set():
            try:
                await self._lead()
            except (OSError, TimeoutError, KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                self.connected = False
                log.warning("outbox relay waits", because=repr(error), retry_in_seconds=1)
                await self._pause(1.0)

    async def stop(self) -> None:
        """Ends after the batch under way."""
        self.stopping.set()
        self.database.published.set()

    async def _lead(self) -> None:
        connection = await asyncpg.connect(self.database.url, timeout=5)
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=512 * 1024,
            request_timeout_ms=20000,
        )
        try:
            await connection.execute(f"set role {role(self.database.service, 'system')}")
            await producer.start()
            self.connected = True
            while not self.stopping.is_set() and not await connection.fetchval(LOCK):
                await self._pause(STANDBY_POLL)
            await connection.add_listener("outbox", lambda *_: self.database.published.set())
            self.active = self.database.relay_is_here = True
            await self._drain(connection, producer)
        finally:
            self.active = self.database.relay_is_here = False
            await asyncio.shield(producer.stop())
            await connection.close(timeout=5)

    async def _drain(self, connection: asyncpg.Connection, producer: AIOKafkaProducer) -> None:
        last_seen = 0.0
        while not self.stopping.is_set():
            self.database.published.clear()
            rows = await connection.fetch(READ, BATCH)
            now = time.monotonic()
            if rows:
                await self._send(producer, rows)
                await connection.execute(MARK, [row["id"] for row in rows])
                last_seen = now
            if len(rows) < BATCH:
                await self._pause(BUSY_POLL if now - last_seen < BUSY_FOR else IDLE_POLL)

    async def _send(self, producer: AIOKafkaProducer, rows: list[Any]) -> None:
        """All partitions at once, each in order: the next batch of a partition leaves when the one before is acknowledged."""
        lanes: dict[tuple[str, int], list[Any]] = defaultdict(list)
        for row in rows:
            topic = row["topic"]
            partitions = await self._partitions(producer, topic)
            lanes[topic, partition_of_key(row["key"].encode(), partitions, partitions)].append(row)
        await asyncio.gather(*(self._send_lane(producer, *lane, lanes[lane]) for lane in lanes))
        for row in rows:
            published.labels(row["topic"]).inc()

    async def _partitions(self, producer: AIOKafkaProducer, topic: str) -> list[int]:
        known = producer.client.cluster.partitions_for_topic(topic) or await producer.partitions_for(topic)
        return sorted(known)

    async def _send_lane(self, producer: AIOKafkaProducer, topic: str, partition: int, rows: list[Any]) -> None:
        batch = producer.create_batch()
        for row in rows:
            record = {
                "timestamp": int(row["created_at"].timestamp() * 1000),
                "key": row["key"].encode(),
                "value": row["value"].encode(),
                "headers": envelope(self.database.service, row),
            }
            if batch.append(**record) is None:
                await (await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
                batch.append(**record)
        await (await producer.send_batch(batch, topic, partition=partition))

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.database.published.wait()
        except TimeoutError:
            return


async def measure(database: Database) -> None:
    """Keeps the outbox's depth and age true, above all while the relay cannot get on. Runs until it is cancelled."""
    while True:
        try:
            async with database.transaction() as tx:
                row = (await tx.all(WAITING))[0]
            depth.set(row.depth)
            age.set(float(row.age))
        except Exception as error:
            if not is_transient(error):
                raise
        await asyncio.sleep(MEASURE_EVERY)


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
