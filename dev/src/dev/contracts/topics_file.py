"""The topics as the provisioning reads them: `deploy/kafka/topics.yaml`."""

from collections.abc import Iterable

from contracts.topics import Topic

HEAD = "# Generated from libs/contracts by `python -m dev.contracts generate`; do not edit.\ntopics:\n"


def topics_file(topics: Iterable[Topic]) -> str:
    """YAML: each topic's name, partitions and the broker's settings for it."""
    return HEAD + "".join(map(entry, topics))


def entry(topic: Topic) -> str:
    """One topic of the list."""
    settings = "".join(f'      {name}: "{value}"\n' for name, value in sorted(topic.config.items()))
    return f"  - name: {topic.name}\n    partitions: {topic.partitions}\n    config:\n{settings}"
