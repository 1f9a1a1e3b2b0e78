"""From committed outbox rows to Kafka: the rate over a backlog, the latency under load, and what a kill -9 costs.

In the same run: a bare aiokafka producer (the ceiling) and faststream-outbox in order (one worker), over the same rows.
"""

import asyncio
import json
import time
import uuid
from collections import Counter

import asyncpg
from _ground import Figure, Ground, child, counting, ground, main, percentiles, until
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

ROWS, KEYS, SIZE = 50_000, 1000, 500
SLOW_ROWS = 5_000
PER_SECOND, SECONDS = 200, 10
FILL = """insert into outbox (message_id, topic, key, schema_uri, value)
 select uuidv7(), $1, 'key-' || n % $3, 'urn:chairside:event:bench:v1', '{"n": ' || n || ', "x": "' || repeat('x', $4) || '"}'
   from generate_series(1, $2::int) n order by n"""
FILL_THEIRS = """insert into their_outbox (queue, payload, headers)
 select 'q', convert_to('{"n": ' || n || ', "k": "key-' || n % $2 || '", "x": "' || repeat('x', $3) || '"}', 'UTF8'),
   '{"content-type": "application/json"}' from generate_series(1, $1::int) n order by n"""


async def bare(on: Ground) -> float:
    """Rows a second of aiokafka's own `send`, all sent and then all awaited, with nothing before or after."""
    await on.topic("bare")
    value = b"x" * SIZE
    async with AIOKafkaProducer(bootstrap_servers=on.kafka, acks="all", enable_idempotence=True, max_batch_size=512 * 1024) as producer:
        started = time.perf_counter()
        sent = [await producer.send("bare", value, key=f"key-{n % KEYS}".encode()) for n in range(ROWS)]
        await asyncio.gather(*sent)
    return ROWS / (time.perf_counter() - started)


async def ours(on: Ground) -> float:
    """Rows a second of the relay, from the first record in Kafka to the last, start of the process left out."""
    parts = await on.topic("ours")
    database = await on.database()
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute(FILL, "ours", ROWS, KEYS, SIZE - 30)
    await admin.execute("vacuum analyze outbox")
    async with counting(on.kafka, parts) as look:
        process = child("_relay_process.py", database.login_url, on.kafka)
        started = await until(look, 1, pause=0.002)
        ended = await until(look, ROWS)
    process.kill()
    await admin.close()
    return ROWS / (ended - started)


async def theirs(on: Ground) -> float:
    """The same of faststream-outbox with one worker, over fewer rows: its rate does not depend on their number."""
    from faststream_outbox import make_outbox_table
    from sqlalchemy import MetaData
    from sqlalchemy.ext.asyncio import create_async_engine

    parts = await on.topic("theirs")
    database = await on.database()
    metadata = MetaData()
    make_outbox_table(metadata, table_name="their_outbox")
    engine = create_async_engine(database.admin_url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute(FILL_THEIRS, SLOW_ROWS, KEYS, SIZE - 50)
    await admin.close()
    async with counting(on.kafka, parts) as look:
        process = child("_faststream_outbox_process.py", database.admin_url, on.kafka, "theirs")
        started = await until(look, 1, pause=0.002)
        ended = await until(look, SLOW_ROWS)
    process.kill()
    return SLOW_ROWS / (ended - started)


async def latency(on: Ground) -> tuple[float, float]:
    """p50 and p99 in ms from the commit to the record in a consumer's hands, at a steady rate of commits."""
    await on.topic("latency")
    database = await on.database()
    process = child("_relay_process.py", database.login_url, on.kafka)
    committed: dict[str, float] = {}
    took: list[float] = []
    writer = await asyncpg.connect(database.admin_url)
    async with AIOKafkaConsumer("latency", bootstrap_servers=on.kafka, auto_offset_reset="earliest", fetch_max_wait_ms=500) as consumer:

        async def read() -> None:
            async for record in consumer:
                took.append(time.perf_counter() - committed[json.loads(record.value)["id"]])
                if len(took) == PER_SECOND * (SECONDS + 3):
                    return

        reading = asyncio.create_task(read())
        await asyncio.sleep(3)
        for number in range(PER_SECOND * (SECONDS + 3)):
            due = time.perf_counter() + 1 / PER_SECOND
            one = str(uuid.uuid4())
            committed[one] = time.perf_counter()
            statement = "insert into outbox (message_id, topic, key, schema_uri, value) values ($1, 'latency', $2, 'x', $3)"
            await writer.execute(statement, uuid.UUID(one), f"key-{number % KEYS}", json.dumps({"id": one, "x": "x" * (SIZE - 60)}))
            committed[one] = time.perf_counter()
            await asyncio.sleep(max(0, due - time.perf_counter()))
        await asyncio.wait_for(reading, 30)
    process.kill()
    await writer.close()
    return percentiles(took[PER_SECOND * 3 :])


async def killed(on: Ground) -> tuple[float, int, int, int]:
    """Kills the relay at a third of the backlog: seconds from the restart to the last record, duplicates, inversions, lost."""
    parts = await on.topic("killed")
    database = await on.database()
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute(FILL, "killed", ROWS, KEYS, SIZE - 30)
    async with counting(on.kafka, parts) as look:
        first = child("_relay_process.py", database.login_url, on.kafka)
        await until(look, ROWS // 3, pause=0.002)
        first.kill()
    first.wait()
    restarted = time.perf_counter()
    second = child("_relay_process.py", database.login_url, on.kafka)
    while await admin.fetchval("select exists (select from outbox where published_at is null)"):
        await asyncio.sleep(0.05)
    last = time.perf_counter()
    second.kill()
    await admin.close()
    async with counting(on.kafka, parts) as look:
        total = await look()
    inversions, seen = await read_back(on, total)
    return last - restarted, total - len(seen), inversions, ROWS - len(seen)


async def read_back(on: Ground, total: int) -> tuple[int, Counter[int]]:
    """How often a row of a key came before an earlier one of that key, and how often each row came."""
    seen: Counter[int] = Counter()
    newest: dict[str, int] = {}
    inversions = 0
    async with AIOKafkaConsumer("killed", bootstrap_servers=on.kafka, auto_offset_reset="earliest") as consumer:
        async for record in consumer:
            number, key = json.loads(record.value)["n"], record.key.decode()
            if number not in seen:
                inversions += number < newest.get(key, 0)
                newest[key] = number
            seen[number] += 1
            if seen.total() == total:
                break
    return inversions, seen


async def run() -> list[Figure]:
    """All of it, on one pair of servers."""
    async with ground() as on:
        ceiling, own, other = await bare(on), await ours(on), await theirs(on)
        p50, p99 = await latency(on)
        seconds, doubled, inverted, lost = await killed(on)
    return [
        Figure("bare aiokafka producer", f"{ceiling:,.0f}/s"),
        Figure("faststream-outbox, in order", f"{other:,.0f}/s"),
        Figure("relay, in order", f"{own:,.0f}/s", f"{own / other:.1f} x faststream-outbox, {own / ceiling:.2f} of the bare producer"),
        Figure(f"commit to consumer at {PER_SECOND}/s, p50", f"{p50:.1f} ms"),
        Figure(f"commit to consumer at {PER_SECOND}/s, p99", f"{p99:.1f} ms"),
        Figure("kill -9 at a third: restart to the last record", f"{seconds:.1f} s"),
        Figure("kill -9 at a third: lost, inverted, doubled", f"{lost}, {inverted}, {doubled}", "one batch is 2,000"),
    ]


if __name__ == "__main__":
    main("relay: 50,000 outbox rows of 500 bytes to Kafka", run)
