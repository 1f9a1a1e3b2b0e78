"""Every operation of every service, from its rights and its OpenAPI document; and the smallest request that each takes."""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

from chassis import problems, rights
from chassis.rights import Reach, Right
from chassis.service import Service, apis, granted
from dev.stack import SERVICES
from fastapi import FastAPI

Schema = dict[str, Any]
SELECTING = ("approveAll", "getWeeklyDashboardCsv", "getWeeklyDashboardXlsx")


@dataclass(frozen=True)
class Operation:
    """One operation as its document describes it; `body` is the schema of what it takes, references resolved, and `content` its type."""

    service: str
    name: str
    method: str
    path: str
    right: Right
    queries: tuple[str, ...]
    body: Schema | None
    content: str

    def __str__(self) -> str:
        return f"{self.service}-{self.name}"

    @property
    def lists(self) -> bool:
        """Whether it gives, or acts on, whatever the caller may see: what is hidden is then missing, not refused."""
        return ("limit" in self.queries and "{" not in self.path) or self.name in SELECTING

    @property
    def about_someone(self) -> bool:
        """Whether it concerns records that are somebody's own."""
        return bool({Reach.OWN, Reach.ASSIGNED} & set(self.right.reach.values()))


@cache
def service_of(name: str) -> Service:
    """What the service's app.py composes."""
    module = next(one.module for one in SERVICES if one.name == name)
    found: Service = importlib.import_module(f"{module}.app").service
    return found


@cache
def operations() -> tuple[Operation, ...]:
    """All of them; a new one is among them by itself."""
    return tuple(one for known in SERVICES for one in _of(service_of(known.name)))


@cache
def document_of(name: str) -> Schema:
    """The OpenAPI document that the service serves, paths without the gateway's prefix."""
    app, service = FastAPI(title=name), service_of(name)
    for router in apis(service):
        app.include_router(router, responses=problems.RESPONSES)
    return app.openapi()


def _of(service: Service) -> Iterator[Operation]:
    given, document = granted(service), document_of(service.name)
    assert rights.operations(apis(service)).keys() == given.keys()
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            queries = tuple(each["name"] for each in told.get("parameters", ()) if each["in"] == "query")
            kind, body = next(iter(told.get("requestBody", {}).get("content", {}).items()), ("", None))
            schema = _resolved(body["schema"], document) if body else None
            name = told["operationId"]
            yield Operation(service.name, name, method.upper(), path, given[name], queries, schema, kind)


def _resolved(schema: Any, document: Schema) -> Any:
    if isinstance(schema, list):
        return [_resolved(each, document) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if reference := schema.get("$ref"):
        return _resolved(document["components"]["schemas"][reference.rpartition("/")[2]], document)
    return {name: _resolved(value, document) for name, value in schema.items()}


def text_of(content: bytes) -> str:
    """What an answer's content says; of a spreadsheet, all that is packed into it."""
    if not content.startswith(b"PK"):
        return content.decode(errors="replace")
    with ZipFile(BytesIO(content)) as packed:
        return "".join(packed.read(name).decode(errors="replace") for name in packed.namelist())


def smallest(schema: Schema, known: Mapping[str, Any], name: str = "") -> Any:
    """The smallest value that the schema takes; a field that is `known` by its name has that value."""
    if name in known:
        return known[name]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return smallest(schema[choice][0], known, name)
    if fixed := schema.get("const") or schema.get("enum") or schema.get("examples"):
        return fixed[0] if isinstance(fixed, list) else fixed
    return _SMALLEST[schema["type"]](schema, known, name)


def _object(schema: Schema, known: Mapping[str, Any], _: str) -> Any:
    fields = schema.get("properties", {})
    return {name: smallest(fields[name], known, name) for name in fields if name in schema.get("required", ()) or name in known}


def _array(schema: Schema, known: Mapping[str, Any], name: str) -> Any:
    return [smallest(schema["items"], known, name) for _ in range(schema.get("minItems", 0))]


def _string(schema: Schema, *_: Any) -> str:
    if schema.get("format") == "uuid":
        return str(uuid4())
    return str(_FORMATS.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1))))


def _number(schema: Schema, *_: Any) -> int:
    return int(max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1))


_FORMATS = {"date": "2026-01-05", "date-time": "2026-01-05T15:00:00Z", "email": "somebody@example.com"}
_SMALLEST = {"object": _object, "array": _array, "string": _string, "integer": _number, "number": _number, "boolean": lambda *_: True}
