"""What holds for every event: bytes and back, deaf to what is unknown, sure of its version."""

import json
from datetime import UTC, timedelta, timezone
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from contracts import event as module
from contracts.event import EVENTS, SCHEMA_PREFIX, Event, UnknownVersionError
from contracts.examples import example, examples
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, JsonValue, ValidationError
from pydantic.fields import FieldInfo

ZONES = [UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=45))]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
EVERY_EVENT = pytest.mark.parametrize("event", [EVENTS[topic] for topic in sorted(EVENTS)], ids=sorted(EVENTS))


def values(kind: Any, limits: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """Anything that a field of this type may hold."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is AwareDatetime:
        return st.datetimes(timezones=st.sampled_from(ZONES))
    if kind is JsonValue:
        return JSON
    if kind is Decimal:
        low, high = (next((getattr(rule, side) for rule in limits if hasattr(rule, side)), None) for side in ("ge", "le"))
        return st.decimals(low, high, allow_nan=False, allow_infinity=False)
    if origin is Annotated:
        nested = [rule for part in arguments[1:] for rule in (part.metadata if isinstance(part, FieldInfo) else [part])]
        return values(arguments[0], (*limits, *nested))
    if origin in (Union, UnionType):
        return st.one_of(*[values(option, limits) for option in arguments])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return instances(kind)
    return st.from_type(Annotated[kind, *limits]) if limits else st.from_type(kind)


def instances(kind: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Any instance of a model."""
    fields = {name: values(field.annotation, tuple(field.metadata)) for name, field in kind.model_fields.items()}
    return st.fixed_dictionaries(fields).map(lambda chosen: kind(**chosen))


@EVERY_EVENT
@settings(max_examples=25)
@given(data=st.data())
def test_every_event_comes_back_from_its_bytes(event: type[Event], data: st.DataObject) -> None:
    written = data.draw(instances(event))
    again = event.read(event.schema_uri(), written.to_json())
    assert again == written
    assert (again.to_json(), again.key_text) == (written.to_json(), written.key_text)


def sprinkled(value: Any) -> Any:
    """The same JSON with a field that nobody knows in every object."""
    if isinstance(value, list):
        return [sprinkled(part) for part in value]
    if isinstance(value, dict):
        return {**{name: sprinkled(part) for name, part in value.items()}, "from_the_future": {"x": [1]}}
    return value


@pytest.mark.parametrize(
    "shown", [one for one in examples() if one.topic != "message.requested"], ids=lambda one: f"{one.topic}-{one.name}"
)
def test_fields_from_the_future_are_passed_over_at_every_depth(shown: Any) -> None:
    event = EVENTS[shown.topic]
    body = json.dumps(sprinkled(json.loads(shown.path.read_bytes()))).encode()
    assert event.read(f"{SCHEMA_PREFIX}{shown.topic}:v{shown.version}", body) == shown.read_as(event)


@EVERY_EVENT
def test_versions_that_this_build_does_not_know_are_refused(event: type[Event]) -> None:
    body = example(event.topic).to_json()
    newer = f"{SCHEMA_PREFIX}{event.topic}:v{event.version + 1}"
    for uri in (newer, f"{SCHEMA_PREFIX}{event.topic}:v0", f"{SCHEMA_PREFIX}{event.topic}:v", f"{SCHEMA_PREFIX}other.happened:v1", ""):
        with pytest.raises(UnknownVersionError, match=event.topic):
            event.read(uri, body)


@EVERY_EVENT
@settings(max_examples=25)
@given(body=JSON.map(lambda value: json.dumps(value).encode()) | st.binary())
def test_a_body_that_is_no_such_event_is_a_value_error_in_every_version(event: type[Event], body: bytes) -> None:
    for version in range(1, event.version + 1):
        with pytest.raises(ValueError):
            event.read(f"{SCHEMA_PREFIX}{event.topic}:v{version}", body)


def test_a_moment_without_its_offset_is_refused() -> None:
    body = json.loads(example("user.changed").to_json())
    body["changed_at"] = "2026-11-02T14:00:00"
    with pytest.raises(ValidationError, match="timezone"):
        EVENTS["user.changed"].read(EVENTS["user.changed"].schema_uri(), json.dumps(body).encode())


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        example("hours.logged").minutes = 1  # type: ignore[attr-defined]


def test_a_class_that_does_not_lift_every_older_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVENTS", {})
    with pytest.raises(TypeError, match="must lift every older one: 1 to 2"):

        class CutMade(Event, topic="cut.made", version=3, key="revision", producers=(), consumers=(), lifts={2: dict}):
            """A cut."""


def test_a_topic_belongs_to_one_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVENTS", dict(EVENTS))
    with pytest.raises(TypeError, match=r"hours\.logged belongs to HoursLogged"):

        class HoursGuessed(Event, topic="hours.logged", version=1, key="revision", producers=(), consumers=()):
            """Not hours."""


@pytest.mark.parametrize("wrong", [{"producers": ()}, {"consumers": ()}], ids=lambda one: next(iter({"producers", "consumers"} - set(one))))
def test_a_name_in_place_of_a_tuple_of_names_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]) -> None:
    """`("portal")` is a text, and would read as six services of one letter."""
    monkeypatch.setattr(module, "EVENTS", {})
    with pytest.raises(TypeError, match="tuple of one"):

        class CutMade(Event, topic="cut.made", version=1, key="revision", **({"producers": "portal", "consumers": "portal"} | wrong)):
            """A cut."""
