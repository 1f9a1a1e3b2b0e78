"""Makes topics on a broker, for the stack and for tests."""

from collections.abc import Iterable
from typing import Protocol

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError


class Topic(Protocol):
    """What `contracts.topics.TOPICS` holds."""

    @property
    def name(self) -> str: ...
    @property
    def partitions(self) -> int: ...
    @property
    def config(self) -> dict[str, str]: ...


async def create_topics(bootstrap: str, topics: Iterable[Topic]) -> None:
    """Makes the topics, with their partitions and settings, that are not there yet; leaves the others alone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        missing = [NewTopic(one.name, one.partitions, 1, topic_configs=dict(one.config)) for one in topics if one.name not in there]
        if missing:
            answer = await admin.create_topics(missing)
            for name, code, *reason in answer.topic_errors:
                if code not in (0, TopicAlreadyExistsError.errno):
                    raise RuntimeError(f"Kafka did not make topic {name}: error {code} {reason}")
    finally:
        await admin.close()
