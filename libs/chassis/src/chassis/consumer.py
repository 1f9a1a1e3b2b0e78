"""The Kafka side of an inbox: one FastStream batch subscriber over all of its topics, committed by hand, watched for stalls."""

import asyncio
import time
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.message import StreamMessage
from prometheus_client import Gauge

from chassis.envelope import Delivery
from chassis.inbox import Applier
from chassis.lenient import read_on
from chassis.patience import RetriesExhaustedError

log = structlog.get_logger()
lag = Gauge("consumer_lag", "Events in the topic that the group has not applied yet", ["consumer", "topic"])

PAUSE_MS, WAIT_MS = 10, 500
LOOK_EVERY = 5.0
STALLED_AFTER = 60.0
OUTSIDE_AFTER = 15.0
"""Seconds. aiokafka's coordinator can wait for ever after a broker's restart (aiokafka issue 1154); a rebalance takes less than this."""
STOP_WITHIN = 30.0


async def _keep(message: StreamMessage[Any]) -> Any:
    return message.raw_message


async def _parse(records: Any) -> StreamMessage[Any]:
    """Nothing is decoded here: one bad header would fail the whole batch. The inbox reads each record on its own."""
    return StreamMessage(raw_message=records, body=b"")


def _wait_longer(consumer: AIOKafkaConsumer) -> None:
    """FastStream pauses after a poll in vain for as long as the poll was, so it polls shortly, fifty times a second. aiokafka wakes up
    when something comes: a poll may as well take WAIT_MS, and only the pause be short.
    """
    ask = consumer.getmany

    async def getmany(*parts: TopicPartition, timeout_ms: int = 0, max_records: int | None = None) -> Any:
        return await ask(*parts, timeout_ms=max(timeout_ms, WAIT_MS), max_records=max_records)

    consumer.getmany = getmany


class Consumer:
    """Runs one inbox until it is stopped; starts over after faults of the broker."""

    def __init__(self, applier: Applier, bootstrap: str) -> None:
        self.applier = applier
        self.bootstrap = bootstrap
        self.progressed_at = time.monotonic()
        self.busy = False
        self.stopping = asyncio.Event()
        self._subscriber: Any = None
        self._positions: dict[TopicPartition, int] = {}
        self._in_hand: dict[TopicPartition, int] = {}

    @property
    def joined(self) -> bool:
        """Whether the group has taken this process in; it may hold no partition where there are more members than partitions."""
        consumer = getattr(self._subscriber, "consumer", None)
        coordinator = getattr(consumer, "_coordinator", None)
        return coordinator is not None and coordinator.generation > 0

    @property
    def stalled(self) -> bool:
        """Whether there has been no progress for long, although there is something to do or no assignment."""
        return not self.busy and time.monotonic() - self.progressed_at > 2 * STALLED_AFTER

    async def run(self) -> None:
        """Consumes until `stop`; rejoins the group after a fault or a stall."""
        while not self.stopping.is_set():
            broker = self._make_broker()
            try:
                await broker.start()
                _wait_longer(self._subscriber.consumer)
                read_on(self._subscriber.consumer, self.bootstrap)
                log.info("consumer joined", consumer=self.applier.inbox.consumer, topics=len(self.applier.inbox.topics))
                self.progressed_at = time.monotonic()
                await self._watch()
            except (OSError, TimeoutError, KafkaError) as error:
                log.warning(
                    "consumer waits for Kafka",
                    consumer=self.applier.inbox.consumer,
                    at=self.bootstrap,
                    because=repr(error),
                    retry_in_seconds=2,
                )
                await self._pause(2)
            finally:
                await self._stop(broker)

    async def _stop(self, broker: KafkaBroker) -> None:
        """Ends the broker's tasks; those of a coordinator that waits for ever are left behind, for the group has forgotten it."""
        try:
            async with asyncio.timeout(STOP_WITHIN):
                await asyncio.shield(broker.stop())
        except TimeoutError:
            log.error("consumer does not stop and is left behind", consumer=self.applier.inbox.consumer)

    async def stop(self) -> None:
        """Ends after the batch under way."""
        self.stopping.set()

    def _make_broker(self) -> KafkaBroker:
        inbox = self.applier.inbox
        broker = KafkaBroker(
            self.bootstrap,
            acks="all",
            enable_idempotence=True,
            allow_auto_create_topics=False,
            logger=None,
            apply_types=False,
            graceful_timeout=15,
        )
        self._subscriber = broker.subscriber(
            *inbox.topics, group_id=inbox.consumer, batch=True, max_records=inbox.max_records, batch_timeout_ms=PAUSE_MS,
            ack_policy=AckPolicy.MANUAL, auto_offset_reset="earliest", parser=_parse, decoder=_keep,
            session_timeout_ms=6000, heartbeat_interval_ms=1000, max_poll_interval_ms=300000,
        )  # fmt: skip
        self._subscriber(self._take)
        return broker

    async def _take(self, records: Any) -> None:
        consumer = self._subscriber.consumer
        first: dict[TopicPartition, int] = {}
        after: dict[TopicPartition, int] = {}
        for record in records:
            part = TopicPartition(record.topic, record.partition)
            first.setdefault(part, record.offset)
            after[part] = record.offset + 1
        self.busy, self._in_hand = True, first
        try:
            await self.applier.apply([Delivery.of(record) for record in records])
            await consumer.commit(after)
            self.progressed_at = time.monotonic()
        except KafkaError as error:
            log.warning("offsets not committed; the events come again and are dropped", because=repr(error))
        except (RetriesExhaustedError, Exception) as error:
            log.error("batch comes again", consumer=self.applier.inbox.consumer, because=repr(error))
            for part in first.keys() & consumer.assignment():
                consumer.seek(part, first[part])
        finally:
            self.busy, self._in_hand = False, {}

    async def _watch(self) -> None:
        """Returns, for a fresh start, when the consumer holds no partition, does not move with more to read, is out of its group, or
        has lost one of its tasks.
        """
        inside_at = time.monotonic()
        while not self.stopping.is_set():
            await self._pause(LOOK_EVERY)
            if ended := self._ended():
                log.error("consumer has lost a task and starts over", consumer=self.applier.inbox.consumer, task=ended)
                return
            if self._inside():
                inside_at = time.monotonic()
            elif time.monotonic() - inside_at > OUTSIDE_AFTER:
                log.error("consumer is out of its group and starts over", consumer=self.applier.inbox.consumer)
                return
            if self._moves():
                self.progressed_at = time.monotonic()
            elif time.monotonic() - self.progressed_at > STALLED_AFTER:
                log.error("consumer stalled and starts over", consumer=self.applier.inbox.consumer)
                return

    def _ended(self) -> str:
        """Which of aiokafka's tasks is over; empty while all run.

        A connection that is reset in the wrong moment ends them: uvloop raises RuntimeError there, which aiokafka does not expect,
        and `getmany` then gives nothing for ever, without an error and without a lag that anyone could see.
        """
        consumer = self._subscriber.consumer
        if consumer is None:
            return ""
        tasks = {
            "fetcher": consumer._fetcher._fetch_task,
            "coordination": consumer._coordinator._coordination_task,
            "metadata": consumer._client._sync_task,
        }
        return ", ".join(name for name, task in tasks.items() if task is not None and task.done())

    def _inside(self) -> bool:
        """Whether the group counts this consumer as a member: its heart beats, and nothing asks it to join anew."""
        coordinator = getattr(self._subscriber.consumer, "_coordinator", None)
        heart = getattr(coordinator, "_heartbeat_task", None)
        if coordinator is None or heart is None or heart.done():
            return False
        return not coordinator._rejoin_needed_fut.done() and coordinator.coordinator_id is not None

    def _tell(self, behind: dict[str, int]) -> None:
        """Sets the lag of every topic: what another member of the group holds now is not behind here."""
        for topic in self.applier.inbox.topics:
            lag.labels(self.applier.inbox.consumer, topic).set(behind.get(topic, 0))

    def _moves(self) -> bool:
        consumer = self._subscriber.consumer
        if consumer is None or not consumer.assignment():
            self._tell({})
            return False
        behind: dict[str, int] = {}
        positions = {}
        for part in consumer.assignment():
            state = consumer._subscription.subscription.assignment.state_value(part)
            position = state.position if state and state.has_valid_position else 0
            positions[part] = position
            behind[part.topic] = behind.get(part.topic, 0) + max(
                0, (consumer.highwater(part) or position) - self._in_hand.get(part, position)
            )
        self._tell(behind)
        moved = positions != self._positions
        self._positions = positions
        return self.busy or moved or not any(behind.values())

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return
