"""The topics that are provisioned, made from the same classes."""

from contracts.event import ALL_SERVICES, EVENTS
from contracts.topics import TOPICS

BY_NAME = {topic.name: topic for topic in TOPICS}


def test_every_event_has_its_topic_and_one_for_its_dead_letters() -> None:
    assert set(BY_NAME) == {name for topic in EVENTS for name in (topic, f"{topic}.dlq")}


def test_only_people_are_kept_for_ever() -> None:
    compacted = {topic.name for topic in TOPICS if topic.config["cleanup.policy"] == "compact"}
    assert compacted == {"user.changed"}
    assert all(int(topic.config["retention.ms"]) > 0 for topic in TOPICS if topic.name not in compacted)


def test_dead_letters_outlive_their_topic() -> None:
    for topic in EVENTS.keys() - {"user.changed"}:
        assert int(BY_NAME[f"{topic}.dlq"].config["retention.ms"]) > int(BY_NAME[topic].config["retention.ms"])


AHEAD = {"consent.changed"}
"""Told before the services that the specification names take it."""


def test_producers_and_consumers_are_services() -> None:
    for event in EVENTS.values():
        assert event.producers
        assert event.consumers or event.topic in AHEAD
        assert {*event.producers, *event.consumers} <= set(ALL_SERVICES)
