"""How long it takes until what was under way at a fault's end is everywhere where it should be."""

import time

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from dev.demo.stage import eventually
from dev.stack import Stack

from .. import looking, waiting

FRONTIER = "select coalesce(max(id), 0) as id from outbox"
WAITING = "select count(*) as n from outbox where published_at is null and id <= $1"


async def recovered(stack: Stack) -> float:
    """Seconds until all that was committed by now is on Kafka, and all of that is applied by every consumer. Others go on meanwhile."""
    began = time.monotonic()
    frontier = {name: (await looking.rows(stack, name, FRONTIER))[0]["id"] for name in waiting.EVERY_SERVICE}

    async def published() -> bool:
        for name, last in list(frontier.items()):
            if (await looking.rows(stack, name, WAITING, last))[0]["n"]:
                return False
            del frontier[name]
        return True

    await eventually("the backlog on Kafka", published)
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    try:
        async with AIOKafkaConsumer(bootstrap_servers=stack.kafka, enable_auto_commit=False) as reader:
            ends = await reader.end_offsets(looking.partitions(looking.EVENT_TOPICS))

        async def applied() -> bool:
            return not await looking.behind(admin, ends)

        await eventually("the backlog applied", applied)
    finally:
        await admin.close()
    return time.monotonic() - began
