"""What every event is: a topic, a version, a key, a producer, and how its bytes are read and written.

Events travel as CloudEvents 1.0 in binary mode (SPEC 2): the envelope in Kafka headers, the value as JSON. This module knows the
value and the names; the envelope is the chassis' work.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from contracts.fields import Revision

Lift = Callable[[dict[str, Any]], dict[str, Any]]
SCHEMA_PREFIX = "urn:chairside:event:"

EVENTS: dict[str, type["Event"]] = {}
"""Every event class by its topic; filled as the modules of this package are imported."""


class UnknownVersionError(ValueError):
    """The message names a version of its event that this build does not know."""


class LiftError(ValueError):
    """The body of an older version does not fit that version, so it cannot be lifted."""


class Value(BaseModel):
    """A part of an event: immutable, and deaf to fields that it does not know, so that additive changes reach old readers."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Value):
    """The full current state of one aggregate after something happened to it (SPEC 2).

    Class arguments: `topic` (also the event type), `version` of the value's shape, `key` (the field whose value keeps the order),
    `producers` and `consumers` (service names), `lifts` (old version -> function from that version's dict to the next one's),
    `partitions`, and `compacted` (keep the newest per key for ever instead of all for a while).
    """

    topic: ClassVar[str]
    version: ClassVar[int]
    key: ClassVar[str]
    producers: ClassVar[tuple[str, ...]]
    consumers: ClassVar[tuple[str, ...]]
    lifts: ClassVar[Mapping[int, Lift]]
    partitions: ClassVar[int]
    compacted: ClassVar[bool]

    revision: Revision

    def __init_subclass__(
        cls,
        *,
        topic: str,
        version: int,
        key: str,
        producers: tuple[str, ...],
        consumers: tuple[str, ...],
        lifts: Mapping[int, Lift] | None = None,
        partitions: int = 3,
        compacted: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        if isinstance(producers, str) or isinstance(consumers, str):
            raise TypeError(f"{cls.__name__}: producers and consumers are tuples of names; a tuple of one is written (name,)")
        lifts = dict(lifts or {})
        if sorted(lifts) != list(range(1, version)):
            raise TypeError(f"{cls.__name__} is at version {version} and must lift every older one: 1 to {version - 1}")
        if topic in EVENTS and EVENTS[topic].__qualname__ != cls.__qualname__:
            raise TypeError(f"{topic} belongs to {EVENTS[topic].__name__} already")
        cls.topic, cls.version, cls.key, cls.lifts = topic, version, key, lifts
        cls.producers, cls.consumers, cls.partitions, cls.compacted = producers, consumers, partitions, compacted
        EVENTS[topic] = cls

    @classmethod
    def schema_uri(cls) -> str:
        """The `ce_dataschema` of this version, e.g. `urn:chairside:event:hours.logged:v2`."""
        return f"{SCHEMA_PREFIX}{cls.topic}:v{cls.version}"

    @property
    def key_text(self) -> str:
        """The Kafka key: the id of the aggregate whose events stay in order."""
        return str(getattr(self, self.key))

    def to_json(self) -> bytes:
        """The value as it is written to Kafka: UTF-8 JSON."""
        return self.model_dump_json().encode()

    @classmethod
    def of_tombstone(cls, key: str) -> Self | None:
        """The event that a record without a value on a compacted topic stands for; None where it says nothing.

        Raises ValueError for a key that is none.
        """
        return None

    @classmethod
    def read(cls, schema_uri: str, body: bytes) -> Self:
        """The event in `body`, lifted to the newest version.

        Raises UnknownVersionError when `schema_uri` names another event or a version newer than this build, LiftError when an
        older body does not fit its version, and pydantic's ValidationError when the body does not fit the newest. All are
        ValueErrors: the message will never be readable, so trying again does not help.
        """
        if schema_uri == cls.schema_uri():
            return cls.model_validate_json(body)
        prefix = f"{SCHEMA_PREFIX}{cls.topic}:v"
        found = schema_uri.removeprefix(prefix)
        if found == schema_uri or not found.isdecimal() or int(found) not in cls.lifts:
            raise UnknownVersionError(f"{schema_uri!r} is not a version of {cls.topic} that this build knows (1 to {cls.version})")
        data = json.loads(body)
        try:
            for version in range(int(found), cls.version):
                data = cls.lifts[version](data)
        except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
            raise LiftError(f"the body does not fit {schema_uri}: {type(error).__name__}") from error
        return cls.model_validate(data)


ALL_SERVICES = ("identity", "onboarding", "milady-sync", "skills", "compliance", "messaging", "portal")
