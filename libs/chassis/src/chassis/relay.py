"""The relay: what was committed to the outbox goes to Kafka, all of it, in the order of each key (ARCHITECTURE 4)."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner
from prometheus_client import Counter, Gauge

from chassis.database import Database, is_transient
from chassis.outbox import envelope
from chassis.schema import role

log = structlog.get_logger()
published = Counter("outbox_published_total", "Events that the relay carried to Kafka", ["topic"])
depth = Gauge("outbox_depth", "Committed events that are not in Kafka yet, counted up to 100,000")
age = Gauge("outbox_age_seconds", "Age of the oldest of them")

BATCH = 2000
BUSY_POLL, IDLE_POLL, BUSY_FOR = 0.0015, 0.25, 0.06
"""Seconds. NOTIFY is a hint at most every 0.04 s, so the relay polls on for longer than that after each event."""
STANDBY_POLL = 1.0
MEASURE_EVERY = 5.0
START_WITHIN, STOP_WITHIN = 30.0, 10.0
LOCK = "select pg_try_advisory_lock(hashtext('outbox relay'))"
READ = """select id, message_id, topic, key, schema_uri, value, traceparent, created_at from outbox
 where published_at is null order by id limit $1"""
WAITING = """select (select count(*) from (select from outbox where published_at is null limit 100000) w) as depth,
 coalesce((select extract(epoch from now() - created_at) from outbox where published_at is null order by id limit 1), 0) as age"""
MARK = "update outbox set published_at = now() where published_at is null and id = any($1::bigint[])"
partition_of_key = DefaultPartitioner()


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
        connection = await asyncpg.connect(self.database.url, timeout=5, command_timeout=60)
        try:
            await connection.execute(f"set role {role(self.database.service, 'system')}")
            async with self._producer() as producer:
                self.connected = True
                while not self.stopping.is_set() and not await connection.fetchval(LOCK):
                    await self._pause(STANDBY_POLL)
                await connection.add_listener("outbox", lambda *_: self.database.published.set())
                self.active = self.database.relay_is_here = True
                await self._drain(connection, producer)
        finally:
            self.active = self.database.relay_is_here = False
            # With it goes the lock, which nobody else could take before.
            await connection.close(timeout=5)

    @asynccontextmanager
    async def _producer(self) -> AsyncIterator[AIOKafkaProducer]:
        """One that is started. What it cannot deliver within STOP_WITHIN is given up: those rows are not marked, and go out anew."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=512 * 1024,
            request_timeout_ms=20000,
        )
        try:
            async with asyncio.timeout(START_WITHIN):
                await producer.start()
            yield producer
        finally:
            stopping = asyncio.create_task(producer.stop())
            await asyncio.wait({stopping}, timeout=STOP_WITHIN)
            if not stopping.done():
                log.warning("outbox relay's producer does not stop and is left behind")
                if sender := getattr(producer._sender, "sender_task", None):
                    sender.cancel()
            elif error := stopping.exception():
                log.warning("outbox relay's producer did not stop in order", because=repr(error))

    async def _drain(self, connection: asyncpg.Connection, producer: AIOKafkaProducer) -> None:
        last_seen = 0.0
        while not self.stopping.is_set():
            self.database.published.clear()
            rows = await connection.fetch(READ, BATCH)
            now = time.monotonic()
            if rows:
                await self._send_or_give_up(producer, rows)
                await connection.execute(MARK, [row["id"] for row in rows])
                last_seen = now
            if len(rows) < BATCH:
                await self._pause(BUSY_POLL if now - last_seen < BUSY_FOR else IDLE_POLL)

    async def _send_or_give_up(self, producer: AIOKafkaProducer, rows: list[Any]) -> None:
        """Waits for as long as Kafka takes, but not for a producer whose task that looks for brokers has ended: it delivers no more."""
        sending, knowing = asyncio.create_task(self._send(producer, rows)), producer.client._sync_task
        try:
            await asyncio.wait({sending, knowing}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise KafkaError("the producer looks for no broker any more")
            await sending
        finally:
            sending.cancel()

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
                "value": None if row["value"] is None else row["value"].encode(),
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
