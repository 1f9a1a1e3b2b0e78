"""What the services themselves say: their settings, their parts, their consumer groups. Read from their `app` modules."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

import chassis.service
from contracts.topics import TOPICS, Topic
from pydantic.fields import FieldInfo

from dev.stack import SERVICES


@dataclass(frozen=True)
class Group:
    """A consumer group: the part that runs it, and the topics that it reads."""

    service: str
    part: str
    topics: frozenset[str]


@dataclass(frozen=True)
class Known:
    """What the manifests are compared with. `settings` by service and name in lower case; `groups` by the group's id."""

    settings: Mapping[str, Mapping[str, FieldInfo]]
    parts: Mapping[str, frozenset[str]]
    groups: Mapping[str, Group]
    topics: tuple[Topic, ...]
    gateway: str
    """The Caddyfile."""


def known(gateway: str) -> Known:
    """What holds in this tree."""
    services = {one.name: _composed(one.module) for one in SERVICES}
    groups = {
        inbox.consumer: Group(name, inbox.part, frozenset(inbox.topics)) for name, service in services.items() for inbox in service.inboxes
    }
    return Known(
        settings={name: service.settings.model_fields for name, service in services.items()},
        parts={name: _parts(service) for name, service in services.items()},
        groups=groups,
        topics=TOPICS,
        gateway=gateway,
    )


def _composed(module: str) -> chassis.service.Service:
    service = importlib.import_module(f"{module}.app").service
    assert isinstance(service, chassis.service.Service)
    return service


def _parts(service: chassis.service.Service) -> frozenset[str]:
    """What a process of the service can do; a part in which nothing would run is none."""
    inboxes = {inbox.part for inbox in service.inboxes}
    return frozenset({"api", "relay", "scheduler"} | inboxes | ({"workers"} if service.tasks else set()))
