"""Reading what lies on topics now, outside of any consumer group."""

from collections.abc import AsyncIterator, Collection
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code


async def partitions_of(bootstrap: str, topic: str) -> list[TopicPartition]:
    """The partitions that the broker itself names. Raises KafkaError, also where there is no such topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        (found,) = await admin.describe_topics([topic])
    finally:
        await admin.close()
    if found["error_code"]:
        raise for_code(found["error_code"])(topic)
    return [TopicPartition(topic, part["partition"]) for part in found["partitions"]]


async def records_of(bootstrap: str, topic: str) -> AsyncIterator[Any]:
    """Every record that lies on the topic now, each partition in its order. Raises KafkaError.

    The partitions are assigned one by one: a subscription reads those that the client happens to know, and begins anew when it learns more.
    """
    partitions = await partitions_of(bootstrap, topic)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest") as reader:
        reader.assign(partitions)
        async for record in to_the_end(reader, partitions):
            yield record


async def to_the_end(reader: AIOKafkaConsumer, partitions: Collection[TopicPartition]) -> AsyncIterator[Any]:
    """Every record of the partitions, which are assigned to `reader`, up to where they end now; each partition in its order."""
    ends = await reader.end_offsets(partitions)
    await reader.seek_to_beginning(*partitions)
    while any([await reader.position(part) < ends[part] for part in partitions]):
        for records in (await reader.getmany(timeout_ms=500)).values():
            for record in records:
                yield record
