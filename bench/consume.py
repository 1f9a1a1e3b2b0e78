"""Events from a topic, each applied once (inbox row and a totals row): the chassis against a plain FastStream handler."""

import asyncio
import time
import uuid
from datetime import UTC, datetime

import asyncpg
from _events import TOTALS, MinutesCounted
from _ground import Figure, Ground, child, ground, main
from aiokafka import AIOKafkaProducer
from chassis.outbox import envelope

KEYS, FEW, MANY, PLAIN = 1000, 50_000, 300_000, 4_000
TOLD = "select coalesce(sum(events), 0)::bigint from total"


async def fill(on: Ground, topic_events: int) -> None:
    """Events on the topic as the relay would put them there."""
    await on.topic("minutes.counted")
    async with AIOKafkaProducer(bootstrap_servers=on.kafka, acks="all", enable_idempotence=True, max_batch_size=512 * 1024) as producer:
        now = datetime.now(UTC)
        for start in range(0, topic_events, 10_000):
            sent = []
            for number in range(start, start + 10_000):
                event = MinutesCounted(revision=1, enrollment=f"key-{number % KEYS}", log_id=uuid.uuid4(), minutes=number % 60)
                row = {"message_id": uuid.uuid4(), "topic": event.topic, "key": event.key_text, "schema_uri": event.schema_uri()}
                headers = envelope("bench", row | {"created_at": now, "traceparent": None})
                sent.append(await producer.send(event.topic, event.to_json(), key=event.key_text.encode(), headers=headers))
            await asyncio.gather(*sent)


async def rate(on: Ground, way: str, events: int) -> float:
    """Events a second from the first that is applied to the last of `events`, in a fresh database and group."""
    database = await on.database()
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(TOTALS)
    await owner.execute("grant select, insert, update on total to bench_system")
    admin = await asyncpg.connect(database.admin_url)
    url = database.admin_url if way == "plain" else database.login_url
    process = child("_consume_process.py", way, url, on.kafka, f"bench-{uuid.uuid4()}")
    while not (first := await admin.fetchval(TOLD)):
        await asyncio.sleep(0.005)
    started = time.perf_counter()
    async with asyncio.timeout(300):
        while (told := await admin.fetchval(TOLD)) < events:
            await asyncio.sleep(0.02)
    took = time.perf_counter() - started
    process.kill()
    process.wait()
    await owner.close()
    await admin.close()
    return float((told - first) / took)


async def run() -> list[Figure]:
    """All ways over the same topic."""
    async with ground() as on:
        await fill(on, MANY)
        plain, one = await rate(on, "plain", PLAIN), await rate(on, "one", FEW)
        few, many = await rate(on, "set", FEW), await rate(on, "set", MANY)
    return [
        Figure("plain FastStream, one SQLAlchemy transaction a message", f"{plain:,.0f}/s"),
        Figure("chassis, handler of one event at a time, 50,000", f"{one:,.0f}/s", f"{one / plain:.1f} x plain"),
        Figure("chassis, handler of a set, 50,000", f"{few:,.0f}/s", f"{few / plain:.1f} x plain"),
        Figure("chassis, handler of a set, 300,000", f"{many:,.0f}/s", f"{many / plain:.1f} x plain"),
    ]


if __name__ == "__main__":
    main("consume: events applied once only, with an inbox and a totals row", run)
