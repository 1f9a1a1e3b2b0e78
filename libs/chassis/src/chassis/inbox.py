"""Consuming: each event once, in the order of its key; what cannot be handled is set aside and stops nothing (ARCHITECTURE 4)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from zlib import crc32

import structlog
from opentelemetry.trace import SpanKind, set_span_in_context
from prometheus_client import Counter

from chassis.database import Database, Transaction
from chassis.deadletters import DeadLetters, dead
from chassis.envelope import Delivery, EventType, UnreadableError
from chassis.patience import RetriesExhaustedError, patiently, retried
from chassis.telemetry import context_of, tracer

log = structlog.get_logger()
handled = Counter("inbox_handled_total", "Events applied", ["consumer", "topic"])
skipped = Counter("inbox_duplicates_total", "Events that came again and were dropped", ["consumer"])

PREPARE_AT_ONCE = 8
WORTH_LANES = 100
"""Events of a batch: fewer are applied in one transaction, whatever lanes there are."""
CLAIM = """insert into inbox (message_id, consumer) select unnest($1::uuid[]), $2
 on conflict do nothing returning message_id"""
KNOWN = "select message_id from inbox where message_id = any($1::uuid[]) and consumer = $2"

E = TypeVar("E")
Handler = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Route:
    """How events of one topic are taken."""

    event: EventType
    handler: Handler
    sources: frozenset[str] | None = None
    prepare: Callable[[Any, Any], Awaitable[Any]] | None = None
    as_set: bool = False


@dataclass
class Inbox:
    """One consumer group: which events it takes and what each does. `part` names the process part that runs it.

    `lanes`: into so many transactions at once a large batch is split by key, each key in one of them.
    """

    consumer: str
    part: str = "consumers"
    max_records: int = 500
    lanes: int = 1
    routes: dict[str, Route] = field(default_factory=dict)

    def on(
        self, event: type[E], *, sources: Iterable[str] | None = None, prepare: Callable[[Any, E], Awaitable[Any]] | None = None
    ) -> Callable[[Handler], Handler]:
        """Registers `handler(tx, event)` for one event at a time.

        `sources`: take only events of these producers. `prepare(context, event)`: work that must not run in a transaction
        (HTTP, files); its result is the handler's third argument. It runs again when the transaction has to be tried again.
        """
        return self._route(event, sources=sources, prepare=prepare)

    def on_set(self, event: type[E], *, sources: Iterable[str] | None = None) -> Callable[[Handler], Handler]:
        """Registers `handler(tx, events)` for all events of that type in a batch, in order: for projections with one statement a batch."""
        return self._route(event, sources=sources, as_set=True)

    def _route(self, event: Any, *, sources: Iterable[str] | None = None, **how: Any) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            if event.topic in self.routes:
                raise TypeError(f"{event.topic} has a handler in {self.consumer} already")
            self.routes[event.topic] = Route(event, handler, frozenset(sources) if sources else None, **how)
            return handler

        return register

    @property
    def topics(self) -> list[str]:
        """What the group subscribes to."""
        return sorted(self.routes)


class Applier:
    """Applies deliveries to a service: reads, prepares, and runs the handlers in one transaction a batch, once only."""

    def __init__(self, inbox: Inbox, database: Database, dead_letters: DeadLetters, context: Any = None) -> None:
        self.inbox = inbox
        self.database = database
        self.dead_letters = dead_letters
        self.context = context
        # A series that begins with its first event shows no increase, and an alert on the first dead letter would not fire.
        skipped.labels(inbox.consumer)
        retried.labels(inbox.consumer)
        for topic in inbox.topics:
            handled.labels(inbox.consumer, topic)
            dead.labels(inbox.consumer, topic)

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        """Applies all, or sets aside what cannot be applied; on return everything may be committed. A tombstone takes the dead letters
        of its key with it.

        Raises RetriesExhaustedError when a passing fault (database, broker) lasts too long: nothing is lost, it comes again.
        """
        good = [d for d in deliveries if await self._readable(d)]
        good = await self._prepare(good)
        # Each is waited for: what comes again must not meet what is still under way.
        ends = await asyncio.gather(*(self._together(lane) for lane in self._lanes(good)), return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end

    def _lanes(self, deliveries: Sequence[Delivery]) -> list[list[Delivery]]:
        """All events of a key are in one lane, in their order."""
        lanes: dict[int, list[Delivery]] = {}
        many = self.inbox.lanes if len(deliveries) >= WORTH_LANES else 1
        for delivery in deliveries:
            lanes.setdefault(crc32(delivery.key or b"") % many, []).append(delivery)
        return list(lanes.values())

    async def _together(self, good: list[Delivery]) -> None:
        try:
            await patiently(self.inbox.consumer, lambda: self._in_one_transaction(good))
        except RetriesExhaustedError:
            raise
        except Exception as error:
            if len(good) > 1:
                log.warning("batch falls back to one by one", consumer=self.inbox.consumer, because=repr(error))
            good = [d for d in good if await self._alone(d)]
        for buried in (d for d in good if d.value is None):
            await patiently(self.inbox.consumer, partial(self.dead_letters.forget, buried.topic, buried.key or b""))

    async def _alone(self, delivery: Delivery) -> bool:
        """Whether it was applied, and not set aside."""
        try:
            await patiently(self.inbox.consumer, lambda: self._in_one_transaction([delivery]))
        except RetriesExhaustedError:
            raise
        except Exception as error:
            await self._set_aside(delivery, error)
            return False
        return True

    async def _readable(self, delivery: Delivery) -> bool:
        route = self.inbox.routes[delivery.topic]
        if route.sources and delivery.source not in route.sources and delivery.source:
            return False
        try:
            if delivery.type and delivery.type != delivery.topic:
                raise UnreadableError(f"ce_type {delivery.type!r} does not belong on this topic")
            delivery.read_as(route.event)
        except UnreadableError as error:
            await self._set_aside(delivery, error)
            return False
        return delivery.event is not None

    async def _set_aside(self, delivery: Delivery, error: Exception) -> None:
        log.error(
            "dead letter",
            consumer=self.inbox.consumer,
            topic=delivery.topic,
            partition=delivery.partition,
            offset=delivery.offset,
            because=repr(error),
        )
        await patiently(self.inbox.consumer, lambda: self.dead_letters.put(delivery, self.inbox.consumer, error))

    async def _prepare(self, deliveries: list[Delivery]) -> list[Delivery]:
        """Runs what must not run in a transaction, some at once; one that fails for good is set aside alone."""
        waiting = [d for d in deliveries if self.inbox.routes[d.topic].prepare]
        if not waiting:
            return deliveries
        known: set[Any] = set()

        async def look() -> None:
            async with self.database.transaction() as tx:
                known.update(row[0] for row in await (await tx.driver()).fetch(KNOWN, [d.id for d in waiting], self.inbox.consumer))

        await patiently(self.inbox.consumer, look)
        gate, failed = asyncio.Semaphore(PREPARE_AT_ONCE), set[int]()

        async def one(delivery: Delivery) -> None:
            prepare = self.inbox.routes[delivery.topic].prepare
            if prepare is None or delivery.id in known:
                return

            async def work() -> None:
                async with gate:
                    with self._span(delivery, "prepare"):
                        delivery.prepared = await prepare(self.context, delivery.event)

            try:
                await patiently(self.inbox.consumer, work)
            except RetriesExhaustedError:
                raise
            except Exception as error:
                failed.add(id(delivery))
                await self._set_aside(delivery, error)

        await asyncio.gather(*(one(d) for d in waiting))
        return [d for d in deliveries if id(d) not in failed]

    async def _in_one_transaction(self, deliveries: Sequence[Delivery]) -> None:
        async with self.database.transaction() as tx:
            connection = await tx.driver()
            fresh = {row[0] for row in await connection.fetch(CLAIM, [d.id for d in deliveries], self.inbox.consumer)}
            skipped.labels(self.inbox.consumer).inc(len(deliveries) - len(fresh))
            for topic, found in _by_topic(deliveries, fresh).items():
                await self._run(tx, self.inbox.routes[topic], found)
        for topic, found in _by_topic(deliveries, fresh).items():
            handled.labels(self.inbox.consumer, topic).inc(len(found))

    async def _run(self, tx: Transaction, route: Route, deliveries: Sequence[Delivery]) -> None:
        if route.as_set:
            for delivery in deliveries:
                span = tracer.start_span(f"apply {delivery.topic}", context=context_of(delivery.traceparent), kind=SpanKind.CONSUMER)
                span.end()
                tx.causes[(delivery.key or b"").decode("utf-8", "replace")] = set_span_in_context(span)
            await route.handler(tx, [d.event for d in deliveries])
            return
        for delivery in deliveries:
            with self._span(delivery, "apply"):
                await route.handler(tx, delivery.event, *([delivery.prepared] if route.prepare else []))

    def _span(self, delivery: Delivery, doing: str) -> Any:
        return tracer.start_as_current_span(f"{doing} {delivery.topic}", context=context_of(delivery.traceparent), kind=SpanKind.CONSUMER)


def _by_topic(deliveries: Sequence[Delivery], fresh: set[Any]) -> Mapping[str, list[Delivery]]:
    """The deliveries to run, by topic; of copies within the batch the first."""
    seen: set[Any] = set()
    found: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        if delivery.id in fresh and delivery.id not in seen:
            seen.add(delivery.id)
            found.setdefault(delivery.topic, []).append(delivery)
    return found
