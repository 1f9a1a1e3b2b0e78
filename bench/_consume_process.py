"""One way to consume, in a process of its own: `_consume_process.py plain|one|set DATABASE_URL KAFKA GROUP`."""

import asyncio
import sys
from collections import defaultdict

import uvloop
from _events import MinutesCounted
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.deadletters import DeadLetters
from chassis.inbox import Applier, Inbox
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

way, url, bootstrap, group = sys.argv[1:]
ADD = """insert into total (key, minutes, events) values (:key, :minutes, 1)
 on conflict (key) do update set minutes = total.minutes + excluded.minutes, events = total.events + 1"""
ADD_SET = """insert into total (key, minutes, events) select * from unnest($1::text[], $2::bigint[], $3::bigint[])
 on conflict (key) do update set minutes = total.minutes + excluded.minutes, events = total.events + excluded.events"""


async def plain() -> None:
    """What one writes first: a FastStream subscriber, a pydantic body, one SQLAlchemy transaction a message, an inbox row."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    broker = KafkaBroker(bootstrap, logger=None)

    @broker.subscriber("minutes.counted", group_id=group, auto_offset_reset="earliest", ack_policy=AckPolicy.NACK_ON_ERROR)
    async def handle(body: MinutesCounted, message: KafkaMessage) -> None:
        async with AsyncSession(engine) as session, session.begin():
            claim = "insert into inbox (message_id, consumer) values (cast(:id as uuid), 'bench') on conflict do nothing returning true"
            if (await session.execute(text(claim), {"id": message.headers["ce_id"]})).scalar():
                await session.execute(text(ADD), {"key": body.enrollment, "minutes": body.minutes})

    await FastStream(broker, logger=None).run()


async def ours() -> None:
    """The chassis' inbox, with a handler of one event at a time or of a set."""
    inbox = Inbox(group, max_records=1000)
    if way == "one":

        @inbox.on(MinutesCounted)
        async def counted(tx, event) -> None:
            await tx.execute(ADD, {"key": event.enrollment, "minutes": event.minutes})
    else:

        @inbox.on_set(MinutesCounted)
        async def counted_set(tx, events) -> None:
            minutes: dict[str, int] = defaultdict(int)
            number: dict[str, int] = defaultdict(int)
            for event in events:
                minutes[event.enrollment] += event.minutes
                number[event.enrollment] += 1
            await (await tx.driver()).execute(ADD_SET, list(minutes), list(minutes.values()), list(number.values()))

    await Consumer(Applier(inbox, Database(url, "bench"), DeadLetters(bootstrap)), bootstrap).run()


uvloop.install()
asyncio.run(plain() if way == "plain" else ours())
