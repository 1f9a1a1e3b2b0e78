"""Reading a JSON Schema: what a reference means, and how a value's type is said in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dev.contracts.schemas import Schema

ANNOTATIONS = frozenset({"title", "description", "default", "examples", "$id", "$schema", "$defs", "x-topic", "x-version", "x-key"})
NULL = {"type": "null"}
FORMATS = {"uuid": "UUID", "date": "date", "date-time": "instant", "decimal": "decimal in a string"}


@dataclass(frozen=True)
class Row:
    """A field as a reader of the docs sees it; nested fields have dotted names, those of lists end in `[]`."""

    name: str
    type: str
    required: bool
    meaning: str


def resolve(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """The schema itself, or what its `$ref` names; what stands beside the reference rules."""
    if "$ref" not in schema:
        return schema
    beside = {name: part for name, part in schema.items() if name != "$ref"}
    return resolve(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions) | beside


def non_null(schema: Schema) -> Schema | None:
    """X of a schema that says "X or null"; None for all others."""
    options = schema.get("anyOf", [])
    rest = [option for option in options if option != NULL]
    return rest[0] if len(options) == 2 and len(rest) == 1 else None


def plain(schema: Any, definitions: Mapping[str, Schema]) -> Any:
    """The schema with references filled in and without what only explains: equal if and only if the rules are."""
    if isinstance(schema, list):
        return [plain(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {field: plain(part, definitions) for field, part in value.items()}
        if name == "properties"
        else sorted(value)
        if name == "required"
        else plain(value, definitions)
        for name, value in sorted(resolve(schema, definitions).items())
        if name not in ANNOTATIONS
    }


def type_words(schema: Schema, definitions: Mapping[str, Schema]) -> str:
    """The type in words, e.g. "integer, 0 or more"."""
    found = resolve(schema, definitions)
    if (inner := non_null(found)) is not None:
        return f"{type_words(inner, definitions)}, or null"
    if "enum" in found or "const" in found:
        return ", ".join(f"`{value}`" for value in found.get("enum", [found.get("const")]))
    if found.get("type") == "array":
        return f"list of {type_words(found.get('items', {}), definitions)}"
    kind: str = found.get("type", "any JSON")
    return FORMATS.get(found.get("format", ""), kind) + bounds(found)


def bounds(schema: Schema) -> str:
    """The limits of a number in words."""
    low = schema.get("minimum", schema["exclusiveMinimum"] + 1 if "exclusiveMinimum" in schema else schema.get("x-minimum"))
    high = schema.get("maximum", schema.get("x-maximum"))
    if low is None:
        return "" if high is None else f", {high} at most"
    return f", {low} or more" if high is None else f", {low} to {high}"


def rows(schema: Schema, definitions: Mapping[str, Schema], prefix: str = "") -> Iterator[Row]:
    """Every field of an object, and those inside it, in the order of the class."""
    for name, part in schema["properties"].items():
        found = resolve(part, definitions)
        meaning = found.get("description", "")
        yield Row(prefix + name, type_words(part, definitions), name in schema.get("required", []), meaning)
        inner = resolve(non_null(found) or found, definitions)
        if inner.get("type") == "array":
            name, inner = f"{name}[]", resolve(inner.get("items", {}), definitions)
        if "properties" in inner:
            yield from rows(inner, definitions, f"{prefix}{name}.")
