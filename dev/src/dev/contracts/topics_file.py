"""The topics as the provisioning reads them: `deploy/kafka/topics.yaml`, and `deploy/k8s/topics/topics.yaml` for Strimzi."""

from collections.abc import Iterable

from contracts.topics import Topic

GENERATED = "# Generated from libs/contracts by `python -m dev.contracts generate`; do not edit.\n"
HEAD = GENERATED + "topics:\n"
CLUSTER = "chairside"
"""The name of the `Kafka` that Strimzi's topic operator belongs to."""
REPLICAS, IN_SYNC = 3, 2


def topics_file(topics: Iterable[Topic]) -> str:
    """YAML: each topic's name, partitions and the broker's settings for it."""
    return HEAD + "".join(map(entry, topics))


def entry(topic: Topic) -> str:
    """One topic of the list."""
    return f"  - name: {topic.name}\n    partitions: {topic.partitions}\n    config:\n{_settings(topic.config, 6)}"


def strimzi_file(topics: Iterable[Topic]) -> str:
    """YAML: a `KafkaTopic` for each, on three brokers, two of which must have a record before it counts as written."""
    return GENERATED + "---\n".join(map(kafka_topic, topics))


def kafka_topic(topic: Topic) -> str:
    """One topic as Strimzi's custom resource. Dots and hyphens are good in its name, so it is the topic's own."""
    return (
        "apiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\n"
        f"metadata:\n  name: {topic.name}\n  labels: {{strimzi.io/cluster: {CLUSTER}}}\n"
        f"spec:\n  partitions: {topic.partitions}\n  replicas: {REPLICAS}\n  config:\n"
        f"{_settings(topic.config | {'min.insync.replicas': str(IN_SYNC)}, 4)}"
    )


def _settings(config: dict[str, str], indent: int) -> str:
    return "".join(f'{" " * indent}{name}: "{value}"\n' for name, value in sorted(config.items()))
