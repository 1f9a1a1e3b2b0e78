"""The page for people: `docs/events.md`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

from contracts.event import ALL_SERVICES, Event
from contracts.examples import Example
from contracts.topics import DAY_MS, DEAD_LETTER_RETENTION_DAYS, DEAD_LETTER_SUFFIX, RETENTION_DAYS

from dev.contracts.schemas import FOLDER, file_name, schema_of
from dev.contracts.shapes import Row, rows

HEAD = f"""# Events

Generated from the classes of `libs/contracts` by `python -m dev.contracts generate`; do not edit.

Every event is the full current state of one aggregate. Its topic is its type, its key keeps the order, and its `revision` is the
version of the aggregate that it speaks of: keep the newest, whatever comes last. Pass over fields that you do not know.
The value is JSON; the envelope is CloudEvents 1.0 in binary mode, in the Kafka headers:

| header | holds |
|---|---|
| `ce_specversion` | `1.0` |
| `ce_id` | UUID (version 7) of this message; the same one again is a duplicate |
| `ce_type` | the topic |
| `ce_source` | the service that published it |
| `ce_time` | instant of the change |
| `ce_subject` | the key |
| `ce_dataschema` | the version of the value, e.g. `urn:chairside:event:hours.logged:v2` |
| `content-type` | `application/json` |
| `traceparent` | W3C trace context of the request that caused it, where there is one |

What a consumer cannot read goes to `<topic>{DEAD_LETTER_SUFFIX}`, with its bytes, headers and the error, and stays there for
{DEAD_LETTER_RETENTION_DAYS} days.
JSON Schemas of all versions: `{FOLDER}`. AsyncAPI: `docs/asyncapi.json`, and `/asyncapi.json` of each service.
"""


def events_page(events: Mapping[str, type[Event]], examples: Sequence[Example]) -> str:
    """Markdown: an index by producer, then a section for each topic."""
    ordered = [events[topic] for topic in sorted(events)]
    return "\n".join([HEAD, index(ordered), *(section(event, examples) for event in ordered)])


def index(events: Iterable[type[Event]]) -> str:
    """Which service publishes what."""
    listed = list(events)
    lines = [
        f"| {service} | {', '.join(link(event.topic) for event in listed if service in event.producers) or '-'} |"
        for service in ALL_SERVICES
    ]
    return "\n".join(["| service | publishes |", "|---|---|", *lines, ""])


def link(topic: str) -> str:
    """A link to the topic's section, by the anchor that Markdown renderers make of its heading."""
    return f"[{topic}](#{topic.replace('.', '')})"


def section(event: type[Event], examples: Sequence[Example]) -> str:
    """Everything about one topic."""
    schema = schema_of(event)
    fields = "\n".join(map(field_line, rows(schema, schema.get("$defs", {}))))
    return f"""## {event.topic}

{schema["description"]}

| version | key | from | to | partitions | kept |
|---|---|---|---|---|---|
| {versions(event)} | `{event.key}` | {", ".join(event.producers)} | {", ".join(event.consumers)} | {event.partitions} | {kept(event)} |

| field | type | meaning |
|---|---|---|
{fields}

{example_block(event, examples)}"""


def versions(event: type[Event]) -> str:
    """The newest version, and those that are still read."""
    older = ", ".join(f"[{version}](../{FOLDER}/{file_name(event.topic, version)})" for version in sorted(event.lifts))
    newest = f"[{event.version}](../{FOLDER}/{file_name(event.topic, event.version)})"
    return f"{newest} (lifts {older})" if older else newest


def kept(event: type[Event]) -> str:
    """How long Kafka keeps it, in words."""
    return f"the newest of each key, for ever (compacted after {DAY_MS // 3_600_000} h)" if event.compacted else f"{RETENTION_DAYS} days"


def field_line(row: Row) -> str:
    """One field in the table."""
    return f"| `{row.name}` | {row.type}{'' if row.required else ' (optional)'} | {' '.join(row.meaning.split())} |"


def example_block(event: type[Event], examples: Sequence[Example]) -> str:
    """The first example of the newest version, as it is committed."""
    mine = [one for one in examples if one.topic == event.topic and one.version == event.version]
    if not mine:
        return "No example yet.\n"
    first = min(mine, key=attrgetter("name"))
    body = json.dumps(json.loads(first.path.read_text()), indent=2, ensure_ascii=False)
    return f"Example `{first.name}`:\n\n```json\n{body}\n```\n"
