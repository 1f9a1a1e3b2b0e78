"""Every topic with its partitions and retention or compaction, made from the event classes (SPEC 2)."""

from dataclasses import dataclass

from contracts import alerts, audit, hours, messages, milady, onboarding, people, requirements, skills  # noqa: F401  (fills EVENTS)
from contracts.event import EVENTS, Event

DAY_MS = 24 * 60 * 60 * 1000
RETENTION_DAYS = 30
DEAD_LETTER_RETENTION_DAYS = 365
COMPACTED_WITHIN_DAYS = 7
"""What a newer record of its key took the place of is gone by then; a tombstone stays for RETENTION_DAYS more, for who was away."""
DEAD_LETTER_SUFFIX = ".dlq"


@dataclass(frozen=True)
class Topic:
    """A Kafka topic as it is to be provisioned; `config` holds the broker's own setting names."""

    name: str
    partitions: int
    config: dict[str, str]


def topics_of(event: type[Event]) -> tuple[Topic, Topic]:
    """The event's topic and the topic of its dead letters."""
    keep = (
        {
            "cleanup.policy": "compact",
            "min.compaction.lag.ms": str(DAY_MS),
            "max.compaction.lag.ms": str(COMPACTED_WITHIN_DAYS * DAY_MS),
            "delete.retention.ms": str(RETENTION_DAYS * DAY_MS),
        }
        if event.compacted
        else {"cleanup.policy": "delete", "retention.ms": str(RETENTION_DAYS * DAY_MS)}
    )
    dead = {"cleanup.policy": "delete", "retention.ms": str(DEAD_LETTER_RETENTION_DAYS * DAY_MS)}
    return Topic(event.topic, event.partitions, keep), Topic(event.topic + DEAD_LETTER_SUFFIX, 1, dead)


TOPICS: tuple[Topic, ...] = tuple(topic for name in sorted(EVENTS) for topic in topics_of(EVENTS[name]))
