"""The gate: what must hold before events are committed. Each finding is a sentence that says what to do."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from contracts.event import Event
from contracts.examples import Example

from dev.contracts.compat import breaks
from dev.contracts.schemas import FOLDER, Published, Schema, file_name, schema_of
from dev.contracts.shapes import rows

NAME = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*")
IRREGULAR = frozenset({"sent", "withdrawn"})
"""Past participles in use that do not end in -ed."""

EXCEPT = "(a participle that does not end in -ed goes into IRREGULAR of dev/src/dev/contracts/gate.py)"

Events = Mapping[str, type[Event]]


def findings(events: Events, base: Published, published: Published, examples: Sequence[Example]) -> list[str]:
    """Everything that is wrong with the contracts; empty when they may be committed.

    `base` holds the schemas that consumers and history rely on, `published` those that lie in the work tree.
    """
    return [
        *(finding for event in events.values() for finding in well_formed(event)),
        *incompatible(events, base, published),
        *incomplete(events, published, examples),
        *unreadable(events, published, examples),
    ]


def well_formed(event: type[Event]) -> Iterator[str]:
    """The rules of a class by itself: its topic's name, its key, and a meaning for every field."""
    participle = event.topic.partition(".")[2].split("-")
    if not NAME.fullmatch(event.topic) or not any(word.endswith("ed") or word in IRREGULAR for word in participle):
        yield f"{event.topic}: name topics `noun.past-participle`, lower-case letters, hyphens and one dot, e.g. `hours.logged` {EXCEPT}"
    schema = schema_of(event)
    if event.key not in schema.get("required", []):
        yield f"{event.topic}: its key `{event.key}` must be a field that is always there; name one of {', '.join(schema['required'])}"
    for row in rows(schema, schema.get("$defs", {})):
        if not row.meaning:
            yield f"{event.topic}: say what `{row.name}` means (Field(description=...), or the docstring of its type)"


def incompatible(events: Events, base: Published, published: Published) -> Iterator[str]:
    """Changes of a published version that an old consumer, or a new one with old history, could not read."""
    for (topic, version), old in sorted(base.items()):
        event = events.get(topic)
        if event is None:
            yield f"{topic} {version} was published and has no class: keep the class as long as anyone may read its history"
        elif version > event.version:
            yield f"{topic} {version} was published, and its class is back at {event.version}: versions only go up"
        elif version == event.version:
            advice = f"Make version {version + 1} with a lift from {version} (libs/contracts/README.md), or take the change back."
            yield from (f"{topic} {version}: {broken}. {advice}" for broken in breaks(old, schema_of(event)))
        elif (topic, version) in published:
            advice = f"{FOLDER / file_name(topic, version)} is history: restore it."
            yield from (f"{topic} {version}: {broken}. {advice}" for broken in breaks(old, published[topic, version]))


def incomplete(events: Events, published: Collection[tuple[str, int]], examples: Sequence[Example]) -> Iterator[str]:
    """Versions without a schema or an example, and files of versions that no class knows."""
    shown = {(example.topic, example.version) for example in examples}
    known = {(topic, version) for topic, event in events.items() for version in range(1, event.version + 1)}
    for topic, version in sorted(known):
        if (topic, version) not in published and version < events[topic].version:
            yield f"{topic} {version} has no schema: restore {FOLDER / file_name(topic, version)}, it is what old messages look like"
        if (topic, version) not in shown:
            yield f"{topic} {version} has no example: add libs/contracts/examples/{topic}.v{version}/<name>.json"
    for topic, version in sorted(shown - known):
        yield f"libs/contracts/examples/{topic}.v{version} belongs to no version of a class: rename the folder or remove it"


def unreadable(events: Events, published: Published, examples: Sequence[Example]) -> Iterator[str]:
    """Examples that do not read as what their folder says, or that no producer would write so."""
    for example in examples:
        event = events.get(example.topic)
        if event is None or example.version > event.version:
            continue
        file = f"{example.path.parent.name}/{example.path.name}"
        try:
            read = example.read_as(event)
        except ValueError as error:
            yield f"{file} does not read, mend it: {error}"
            continue
        body = json.loads(example.path.read_bytes())
        if example.version == event.version and body != json.loads(read.to_json()):
            yield f"{file} is not what a producer writes, which is: {read.to_json().decode()}"
        elif example.version < event.version:
            yield from (f"{file}: {wrong}" for wrong in misfits(body, published.get((example.topic, example.version), {})))


def misfits(body: dict[str, object], schema: Schema) -> Iterator[str]:
    """Fields that an older version's example lacks or has too many, by that version's schema."""
    fields = schema.get("properties", {})
    yield from (
        f"`{name}` is missing, and its schema says that it is always there" for name in schema.get("required", []) if name not in body
    )
    yield from (f"`{name}` is not in its schema" for name in body if name not in fields)
