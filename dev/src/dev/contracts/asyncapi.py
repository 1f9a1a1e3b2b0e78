"""AsyncAPI 3 documents: one a service, and one for the whole."""

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.event import ALL_SERVICES, SCHEMA_PREFIX, Event
from contracts.topics import topics_of

from dev.contracts.schemas import Published, Schema, schema_of

BINDING = "0.5.0"
OPEN = "Fields may be added: pass over those that you do not know."
COMPONENTS = "#/components/schemas/"
Document = dict[str, Any]


def asyncapi(events: Iterable[type[Event]], published: Published, service: str | None = None) -> Document:
    """The document of one service, or of all when none is named. `published` holds the schemas of older versions."""
    services = ALL_SERVICES if service is None else (service,)
    mine = [event for event in events if {*event.producers, *event.consumers} & set(services)]
    whose = f"that `{service}` publishes and takes" if service else "that Chairside's services exchange"
    components = [message for event in mine for message in messages(event, published)]
    return {
        "asyncapi": "3.0.0",
        "id": "urn:chairside" + (f":{service}" if service else ""),
        "info": {
            "title": f"Chairside {service}" if service else "Chairside",
            "version": "1",
            "description": f"The events {whose}: CloudEvents 1.0 in binary mode on Kafka. {OPEN}",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": {"host": "{brokers}", "protocol": "kafka", "variables": {"brokers": {"default": "127.0.0.1:8111"}}}},
        "channels": {event.topic: channel(event, published) for event in mine},
        "operations": {
            name: body for one in services for event in mine for name, body in operations(event, one, published, service is None)
        },
        "components": {"messages": dict(components), "schemas": payloads(mine, published)},
    }


def versions(event: type[Event], published: Published) -> dict[int, Schema]:
    """The schemas of every version, newest first."""
    older = {
        version: published[event.topic, version] for version in sorted(event.lifts, reverse=True) if (event.topic, version) in published
    }
    return {event.version: schema_of(event), **older}


def message_name(event: type[Event], version: int) -> str:
    """The class's name for the newest version; older ones say which they are."""
    return event.__name__ if version == event.version else f"{event.__name__}V{version}"


def channel(event: type[Event], published: Published) -> Document:
    """The topic."""
    topic, _ = topics_of(event)
    names = [message_name(event, version) for version in versions(event, published)]
    settings = {name: int(value) if name.endswith(".ms") else value.split(",") for name, value in sorted(topic.config.items())}
    return {
        "address": event.topic,
        "description": schema_of(event)["description"],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {"topic": topic.name, "partitions": topic.partitions, "topicConfiguration": settings, "bindingVersion": BINDING}
        },
    }


def operations(event: type[Event], service: str, published: Published, whole: bool) -> Iterable[tuple[str, Document]]:
    """What one service does with the topic: it sends the newest version and receives every one."""
    names = [message_name(event, version) for version in versions(event, published)]
    for action, services, used in (("send", event.producers, names[:1]), ("receive", event.consumers, names)):
        if service in services:
            body: Document = {
                "action": action,
                "channel": {"$ref": f"#/channels/{event.topic}"},
                "summary": f"{service} {'publishes' if action == 'send' else 'takes'} {event.topic}",
                "tags": [{"name": service}],
                "messages": [{"$ref": f"#/channels/{event.topic}/messages/{name}"} for name in used],
            }
            yield f"{service}.{action}.{event.topic}" if whole else f"{action}.{event.topic}", body


def messages(event: type[Event], published: Published) -> Iterable[tuple[str, Document]]:
    """Each version as a message: its headers, key and value."""
    for version, schema in versions(event, published).items():
        name = message_name(event, version)
        key = schema["properties"][event.key]
        yield (
            name,
            {
                "name": f"{event.topic}.v{version}",
                "title": name,
                "summary": schema["description"],
                "contentType": "application/json",
                "headers": headers(event, version),
                "payload": {"$ref": COMPONENTS + name},
                "bindings": {"kafka": {"key": {part: key[part] for part in ("type", "format") if part in key}, "bindingVersion": BINDING}},
            },
        )


def headers(event: type[Event], version: int) -> Schema:
    """The envelope: CloudEvents 1.0 in binary mode, and the trace that it belongs to."""
    text: Schema = {"type": "string"}
    fields: dict[str, Schema] = {
        "ce_specversion": {**text, "const": "1.0"},
        "ce_id": {**text, "format": "uuid", "description": "UUID version 7 of this message"},
        "ce_type": {**text, "const": event.topic},
        "ce_source": {**text, "enum": list(event.producers)},
        "ce_time": {**text, "format": "date-time"},
        "ce_subject": {**text, "description": f"The key: `{event.key}`"},
        "ce_dataschema": {**text, "const": f"{SCHEMA_PREFIX}{event.topic}:v{version}"},
        "content-type": {**text, "const": "application/json"},
    }
    trace = {
        **text,
        "description": "W3C trace context of the request that caused it",
        "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
    }
    return {"type": "object", "properties": {**fields, "traceparent": trace}, "required": list(fields)}


def payloads(events: Iterable[type[Event]], published: Published) -> dict[str, Schema]:
    """Every value's schema, and those of its parts, by name."""
    found: dict[str, Schema] = {}
    for event in events:
        for version, schema in versions(event, published).items():
            name = message_name(event, version)
            parts = {part: f"{part}V{version}" if version < event.version else part for part in schema.get("$defs", {})}
            own = {
                field: value for field, value in schema.items() if field not in ("$schema", "$id", "$defs", "x-topic", "x-version", "x-key")
            }
            for part, body in {name: own, **{parts[part]: body for part, body in schema.get("$defs", {}).items()}}.items():
                keep(found, part, repoint(body, parts))
    return dict(sorted(found.items()))


def keep(found: dict[str, Schema], name: str, schema: Schema) -> None:
    """Adds a schema. Raises ValueError when two classes of one name differ."""
    if found.setdefault(name, schema) != schema:
        raise ValueError(f"two different classes of the events are called {name}: rename one")


def repoint(schema: Any, parts: Mapping[str, str]) -> Any:
    """The schema with its references pointing at the document's components."""
    if isinstance(schema, list):
        return [repoint(part, parts) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: COMPONENTS + parts[value.rsplit("/", 1)[-1]] if name == "$ref" else repoint(value, parts) for name, value in schema.items()
    }
