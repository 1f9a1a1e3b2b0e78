"""What tests of erasure and export do: say that somebody was erased, and look for their name wherever a database could keep it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer
from chassis import records
from chassis.outbox import envelope
from chassis.records import Holdings
from contracts.people import UserChanged

TABLES = """select relname as table_name from pg_class
 where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and not relispartition order by 1"""
HOLDS = """select true from "{table}" t
 where exists (select from unnest($1::text[]) as mark where position(mark in lower(cast(t as text))) > 0) limit 1"""
Sql = Callable[..., Awaitable[Any]]


async def where(sql: Sql, *marks: str) -> list[str]:
    """The tables in which one of the marks stands, in whatever case, as text or as bytes. `sql` asks as somebody who sees every row."""
    wanted = [form for mark in marks for form in (mark.lower(), mark.encode().hex())]
    names = [row["table_name"] for row in await sql(TABLES)]
    return [name for name in names if await sql(HOLDS.format(table=name), wanted)]


async def misnamed(sql: Sql, holdings: Holdings) -> set[str]:
    """The tables of a service that its `holdings` neither give nor keep back with a reason, and those that they name and nobody has."""
    named = {*holdings.tables, *holdings.kept_back, *records.TABLES, *records.KEPT_BACK}
    return named ^ {row["table_name"] for row in await sql(TABLES)}


async def tombstone(kafka: str, user_id: UUID) -> UUID:
    """Publishes what identity publishes at the end of an erasure: a record of the person's key, without a value. Gives its id."""
    row = {
        "message_id": uuid4(),
        "topic": UserChanged.topic,
        "key": str(user_id),
        "schema_uri": UserChanged.schema_uri(),
        "traceparent": None,
    }
    headers = envelope("identity", row | {"created_at": datetime.now(UTC)})
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True) as producer:
        await producer.send_and_wait(UserChanged.topic, None, key=str(user_id).encode(), headers=headers)
    return UUID(str(row["message_id"]))
