"""faststream-outbox relaying in order (one worker): `_faststream_outbox_process.py DATABASE_URL KAFKA TOPIC`."""

import asyncio
import sys

import uvloop
from faststream import FastStream
from faststream.kafka import KafkaBroker, KafkaResponse
from faststream_outbox import OutboxBroker, make_outbox_table
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine

url, bootstrap, topic = sys.argv[1:]
table = make_outbox_table(MetaData(), table_name="their_outbox")
engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
kafka = KafkaBroker(bootstrap, acks="all", enable_idempotence=True, linger_ms=0, logger=None)
outbox = OutboxBroker(engine, outbox_table=table, logger=None)


@kafka.publisher(topic)
@outbox.subscriber("q", max_workers=1, fetch_batch_size=500)
async def relay(body: dict) -> KafkaResponse:
    return KafkaResponse(body, key=body["k"].encode())


uvloop.install()
asyncio.run(FastStream(outbox, on_startup=[kafka.connect], logger=None).run())
