"""What a test looks at when no API shows it: databases, topics, dead letters, consumer groups."""

import asyncio
import email
import email.policy
import importlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from chassis.topics import to_the_end
from contracts.topics import DEAD_LETTER_SUFFIX, TOPICS
from dev.demo.stage import eventually
from dev.stack import SERVICES, Stack, secrets_of

from dev import postgres

PLANTED = "x-planted-by-a-test"
"""A header of records that a test wants to see set aside; any other dead letter is a fault."""
EVENT_TOPICS = tuple(topic.name for topic in TOPICS if not topic.name.endswith(DEAD_LETTER_SUFFIX))


async def rows(stack: Stack, service: str, sql: str, *arguments: Any) -> list[dict[str, Any]]:
    """What the service's database answers to its superuser."""
    dsn = postgres.dsn(stack.port("postgres"), password=secrets_of(stack).get("postgres"), database=service.replace("-", "_"))
    connection = await asyncpg.connect(dsn, timeout=60)
    try:
        return [dict(row) for row in await connection.fetch(sql, *arguments)]
    finally:
        await connection.close()


def mails_to(stack: Stack, address: str) -> list[EmailMessage]:
    """The mails to one address that lie in the outbox folder."""
    files = [file.read_bytes() for file in (stack.home / "outbox").glob("*.eml")]
    read = [email.message_from_bytes(file, policy=email.policy.default) for file in files]
    return [mail for mail in read if isinstance(mail, EmailMessage) and address in mail["To"]]


async def records(stack: Stack, topics: Iterable[str]) -> list[ConsumerRecord[bytes, bytes]]:
    """Everything that lies on the topics now, in the order of each partition."""
    async with AIOKafkaConsumer(bootstrap_servers=stack.kafka, enable_auto_commit=False, auto_offset_reset="earliest") as reader:
        parts = partitions(topics)
        reader.assign(parts)
        return [record async for record in to_the_end(reader, parts)]


def partitions(topics: Iterable[str]) -> list[TopicPartition]:
    count = {topic.name: topic.partitions for topic in TOPICS}
    return [TopicPartition(topic, number) for topic in topics for number in range(count[topic])]


def header(record: ConsumerRecord[bytes, bytes], name: str) -> str:
    """The header's text, empty if there is none."""
    return dict(record.headers).get(name, b"").decode("utf-8", "replace")


async def dead_letters(stack: Stack) -> list[ConsumerRecord[bytes, bytes]]:
    """Every dead letter of the stack."""
    return await records(stack, [topic.name for topic in TOPICS if topic.name.endswith(DEAD_LETTER_SUFFIX)])


async def unplanned_letters(stack: Stack) -> list[str]:
    """Dead letters that no test planted: topic, who set it aside, and why."""
    found = [letter for letter in await dead_letters(stack) if not header(letter, PLANTED)]
    return [f"{letter.topic}: {header(letter, 'dlq_consumer')}: {header(letter, 'dlq_error')}" for letter in found]


@dataclass(frozen=True)
class Group:
    """A consumer group: who it is and what it takes, as the service's own code says."""

    service: str
    name: str
    topics: tuple[str, ...]


def groups() -> list[Group]:
    """Every consumer group of the stack."""
    apps = {one.name: importlib.import_module(f"{one.module}.app").service for one in SERVICES}
    return [Group(name, inbox.consumer, tuple(inbox.topics)) for name, app in apps.items() for inbox in app.inboxes]


async def settled(stack: Stack, patience: float = 300) -> None:
    """Returns when nothing is under way: outboxes are on Kafka, all of Kafka is applied, audit entries are sealed, mails have left."""
    async with offsets(stack) as kafka:

        async def still() -> bool:
            ends = await kafka.ends()
            if await kafka.behind(ends) or await _undelivered(stack) or await _unpublished(stack):
                # A look takes more of the machine than what is waited for.
                await asyncio.sleep(0.3)
                return False
            return bool(ends == await kafka.ends())

        await eventually("everything at rest", still, patience)


Ends = dict[TopicPartition, int]


@dataclass(frozen=True)
class Offsets:
    """How far the event topics go, and how far the consumer groups have come."""

    reader: AIOKafkaConsumer
    admin: AIOKafkaAdminClient

    async def ends(self) -> Ends:
        """The next offset of every partition."""
        found: Ends = await self.reader.end_offsets(partitions(EVENT_TOPICS))
        return found

    async def behind(self, ends: Ends, of: "Iterable[Group] | None" = None) -> list[str]:
        """Groups, of these or of all, that have not applied all of their topics up to `ends`."""
        behind = []
        for group in of or groups():
            try:
                done = await self.admin.list_consumer_group_offsets(group.name)
            except KafkaError as error:
                if not error.retriable:
                    raise
                behind.append(f"{group.name}: {error}")
                continue
            if any(part.topic in group.topics and end > (done[part].offset if part in done else 0) for part, end in ends.items()):
                behind.append(group.name)
        return behind


@asynccontextmanager
async def offsets(stack: Stack) -> AsyncIterator[Offsets]:
    """A look at Kafka's offsets for as long as the block runs."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    async with AIOKafkaConsumer(bootstrap_servers=stack.kafka, enable_auto_commit=False) as reader:
        # An assigned partition's leader is known at once; else the client asks topic by topic, which takes seconds.
        reader.assign(partitions(EVENT_TOPICS))
        reader.pause(*partitions(EVENT_TOPICS))
        await admin.start()
        try:
            yield Offsets(reader, admin)
        finally:
            await admin.close()


async def _unpublished(stack: Stack) -> int:
    """Committed events and audit entries that the relays have still to carry."""
    waiting = "select (select count(*) from outbox where published_at is null) + (select count(*) from audit_entry where hash is null) as n"
    return sum([(await rows(stack, service.name, waiting))[0]["n"] for service in SERVICES])


async def set_up(stack: Stack, program: str) -> None:
    """As `settled`, and nobody of the program waits for another try at Milady, which comes a minute after one that met a fault."""
    failed = """select count(*) as n from provisioning join enrollment using (enrollment_id)
                where program_id = $1 and status = 'active' and state = 'failed'"""

    async def nobody_waits() -> bool:
        await settled(stack)
        return not (await rows(stack, "milady-sync", failed, UUID(program)))[0]["n"]

    await eventually("everyone being set up on Milady", nobody_waits, 300)


async def _undelivered(stack: Stack) -> int:
    """Mails to people who are known that messaging has still to send; one may wait half a minute for a name in it."""
    waiting = "select count(*) as n from message join person on user_id = recipient_id where message.status in ('pending', 'sending')"
    return int((await rows(stack, "messaging", waiting))[0]["n"])
