"""Each finding of the gate, on small event classes."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from contracts.event import Event
from contracts.examples import Example
from dev.contracts.gate import findings, misfits
from dev.contracts.schemas import Published, schema_of

BODY = {"revision": 1, "cut_id": "01a1c064-e480-7000-8000-000000000005"}


def wrong(event: type[Event], *, base: Published | None = None, examples: list[Example], published: Published | None = None) -> list[str]:
    """What the gate says of this class alone."""
    return findings({event.topic: event}, base or {}, published or {}, examples)


@pytest.fixture
def shown(tmp_path: Path) -> Any:
    """`shown(body, topic=..., version=...)`: an example on disk."""

    def written(body: object = BODY, topic: str = "cut.trimmed", version: int = 1) -> Example:
        path = tmp_path / f"{topic}.v{version}" / "one.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(body))
        return Example(topic, version, "one", path)

    return written


def test_a_sound_event_passes(make: Any, shown: Any) -> None:
    event = make()
    assert wrong(event, base={("cut.trimmed", 1): schema_of(event)}, examples=[shown()]) == []


@pytest.mark.parametrize(
    "topic", ["cut", "cut-trimmed", "Cut.trimmed", "cut.trim", "cut.trimmed.twice", "cut_.trimmed", "cut.trimmed2", ".trimmed"]
)
def test_a_topic_is_a_noun_and_a_past_participle(make: Any, shown: Any, topic: str) -> None:
    assert any("name topics `noun.past-participle`" in one for one in wrong(make(topic=topic), examples=[shown(topic=topic)]))


@pytest.mark.parametrize("topic", ["cut.trimmed", "milady.provisioning-failed", "recipient.opted-out", "message.sent"])
def test_such_topics_pass(make: Any, shown: Any, topic: str) -> None:
    assert wrong(make(topic=topic), examples=[shown(topic=topic)]) == []


def test_a_key_is_a_field_that_is_always_there(make: Any, shown: Any) -> None:
    assert "its key `chair_id` must be a field that is always there" in wrong(make(key="chair_id"), examples=[shown()])[0]
    optional = make(key="chair_id", chair_id=(UUID | None, None))
    assert "its key `chair_id` must be" in wrong(optional, examples=[shown({**BODY, "chair_id": None})])[0]


def test_a_field_without_a_meaning_is_refused(make: Any, shown: Any) -> None:
    event = make()
    event.model_fields["cut_id"].description = None
    event.model_rebuild(force=True)
    assert wrong(event, examples=[shown()]) == [
        "cut.trimmed: say what `cut_id` means (Field(description=...), or the docstring of its type)"
    ]


def test_a_breaking_change_is_refused_with_what_to_do(make: Any, shown: Any) -> None:
    old = schema_of(make())
    found = wrong(make(chair=(int, ...)), base={("cut.trimmed", 1): old}, examples=[shown({**BODY, "chair": 1})])
    assert len(found) == 1
    assert found[0].startswith("cut.trimmed 1: `chair` is new and required")
    assert "Make version 2 with a lift from 1 (libs/contracts/README.md), or take the change back." in found[0]


def test_the_same_change_passes_as_a_new_version(make: Any, shown: Any) -> None:
    old = schema_of(make())
    event = make(version=2, lifts={1: lambda body: {**body, "chair": 0}}, chair=(int, ...))
    published = {("cut.trimmed", 1): old}
    assert wrong(event, base=published, published=published, examples=[shown(), shown({**BODY, "chair": 1}, version=2)]) == []


def test_an_additive_optional_field_passes(make: Any, shown: Any) -> None:
    old = schema_of(make())
    assert wrong(make(chair=(int, 0)), base={("cut.trimmed", 1): old}, examples=[shown({**BODY, "chair": 0})]) == []


def test_a_published_topic_keeps_its_class(make: Any, shown: Any) -> None:
    gone = {("cut.trimmed", 1): schema_of(make()), ("shave.finished", 1): schema_of(make(topic="shave.finished"))}
    assert "shave.finished 1 was published and has no class" in wrong(make(), base=gone, examples=[shown()])[0]


def test_versions_only_go_up(make: Any, shown: Any) -> None:
    newer = schema_of(make(version=2, lifts={1: dict}))
    assert "its class is back at 1: versions only go up" in wrong(make(), base={("cut.trimmed", 2): newer}, examples=[shown()])[0]


def test_the_schema_of_an_older_version_is_history(make: Any, shown: Any) -> None:
    old, changed = schema_of(make()), schema_of(make(chair=(int, ...)))
    event, examples = make(version=2, lifts={1: dict}), [shown(), shown(version=2)]
    found = wrong(event, base={("cut.trimmed", 1): old}, published={("cut.trimmed", 1): changed}, examples=examples)
    assert any("libs/contracts/schemas/cut.trimmed.v1.json is history: restore it" in one for one in found)
    assert any("cut.trimmed 1 has no schema: restore" in one for one in wrong(event, base={("cut.trimmed", 1): old}, examples=examples))


def test_every_version_has_an_example_and_every_example_a_version(make: Any, shown: Any) -> None:
    assert wrong(make(), examples=[]) == ["cut.trimmed 1 has no example: add libs/contracts/examples/cut.trimmed.v1/<name>.json"]
    stray = wrong(make(), examples=[shown(), shown(version=2)])
    assert stray == ["libs/contracts/examples/cut.trimmed.v2 belongs to no version of a class: rename the folder or remove it"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({**BODY, "revision": 0}, "does not read, mend it: 1 validation error"),
        ({"revision": 1}, "does not read, mend it: 1 validation error"),
        ({**BODY, "chair": 1}, "is not what a producer writes"),
        ([], "does not read, mend it"),
    ],
)
def test_an_example_reads_and_is_what_a_producer_writes(make: Any, shown: Any, body: object, sentence: str) -> None:
    found = wrong(make(), examples=[shown(body)])
    assert len(found) == 1
    assert found[0].startswith(f"cut.trimmed.v1/one.json {sentence}")


def test_an_old_example_that_does_not_lift_is_refused(make: Any, shown: Any) -> None:
    event = make(version=2, lifts={1: lambda body: {**body, "cut_id": body["chair_id"]}})
    found = wrong(event, published={("cut.trimmed", 1): schema_of(make())}, examples=[shown(), shown(version=2)])
    assert found == ["cut.trimmed.v1/one.json does not read, mend it: the body does not fit urn:chairside:event:cut.trimmed:v1: KeyError"]


def test_an_old_example_fits_the_schema_of_its_version(make: Any) -> None:
    schema = schema_of(make(chair=(int, ...), note=(str, "")))
    assert list(misfits({**BODY, "chair": 1}, schema)) == []
    assert list(misfits({**BODY, "size": 1}, schema)) == [
        "`chair` is missing, and its schema says that it is always there",
        "`size` is not in its schema",
    ]
