"""Whether two schemas of the same version can read each other (SPEC 2, versioning).

A consumer built on either must be able to read what a producer built on the other writes: old consumers run on while a new
producer starts, and a new consumer reads old history. So a value may neither grow nor shrink; only a new optional field is free.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsoncompat

from dev.contracts.schemas import Schema
from dev.contracts.shapes import ANNOTATIONS, non_null, plain, resolve, type_words

JUDGED = ANNOTATIONS | {
    *("type", "enum", "const", "anyOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"),
}
"""The keywords that are left to jsoncompat: those of single values. It is deaf to some of the others (format and pattern always,
the values of a map in some of its versions): where they occur, only the same will do.
"""


@dataclass(frozen=True)
class Pair:
    """The same place in the old and the new schema."""

    path: str
    old: Schema
    new: Schema
    old_definitions: Mapping[str, Schema]
    new_definitions: Mapping[str, Schema]

    def at(self, path: str, old: Schema, new: Schema) -> "Pair":
        """A place inside this one."""
        return Pair(path, old, new, self.old_definitions, self.new_definitions)


def breaks(old: Schema, new: Schema) -> list[str]:
    """What a consumer of the one could not read of the other; a sentence each, empty if nothing."""
    found = list(compare(Pair("", old, new, old.get("$defs", {}), new.get("$defs", {}))))
    if old.get("x-key") != new.get("x-key"):
        found.append(f"the key was `{old.get('x-key')}` and is `{new.get('x-key')}`, so old and new messages would no longer be in order")
    return found


def compare(pair: Pair) -> Iterator[str]:
    """The breaks at one place and inside it."""
    old_rules, new_rules = plain(pair.old, pair.old_definitions), plain(pair.new, pair.new_definitions)
    if old_rules == new_rules:
        return
    old, new = resolve(pair.old, pair.old_definitions), resolve(pair.new, pair.new_definitions)
    old_inner, new_inner = non_null(old), non_null(new)
    if old_inner is not None and new_inner is not None:
        yield from compare(pair.at(pair.path, old_inner, new_inner))
    elif "properties" in old and "properties" in new:
        yield from compare_fields(pair.at(pair.path, old, new))
    elif (inner := same_container(old, new)) is not None:
        yield from compare(pair.at(f"{pair.path}[]", old[inner], new[inner]))
    else:
        yield from compare_values(pair.at(pair.path, old, new), old_rules, new_rules)


def compare_fields(pair: Pair) -> Iterator[str]:
    """The breaks between two objects."""
    old, new = pair.old["properties"], pair.new["properties"]
    was_required, is_required = set(pair.old.get("required", [])), set(pair.new.get("required", []))
    for name in {**old, **new}:
        path = f"{pair.path}.{name}".lstrip(".")
        if name not in new:
            yield f"`{path}` is gone, and an old consumer {'needs' if name in was_required else 'would silently miss'} it"
        elif name not in old:
            if name in is_required:
                yield f"`{path}` is new and required, and old history does not hold it (a default would make it optional)"
            continue
        elif name in was_required - is_required:
            yield f"`{path}` was always there and may be missing now, and an old consumer needs it"
        elif name in is_required - was_required:
            yield f"`{path}` may be missing in old history and is required now"
        if name in old and name in new:
            yield from compare(pair.at(path, old[name], new[name]))


def compare_values(pair: Pair, old_rules: Any, new_rules: Any) -> Iterator[str]:
    """The breaks between two values that are not both objects or both lists."""
    was, now = type_words(pair.old, pair.old_definitions), type_words(pair.new, pair.new_definitions)
    change = f"`{pair.path}` was {was} and is {now}" if was != now else f"`{pair.path}` ({now}) follows other rules than before"
    grown, shrunk = not fits(new_rules, old_rules), not fits(old_rules, new_rules)
    if grown:
        yield f"{change}, and an old consumer refuses what a new producer may write"
    if shrunk:
        yield f"{change}, and a new consumer refuses what old history may hold"


def fits(written: Any, read: Any) -> bool:
    """Whether all that fits `written` fits `read`; False where that cannot be told."""
    if not judged(written) or not judged(read):
        return bool(written == read)
    try:
        return jsoncompat.check_compat(json.dumps(written), json.dumps(read), jsoncompat.Role.DESERIALIZER)
    except ValueError:
        return False


def judged(rules: Any) -> bool:
    """Whether jsoncompat compares every keyword of these rules."""
    if isinstance(rules, list):
        return all(judged(part) for part in rules)
    if not isinstance(rules, dict):
        return True
    return rules.keys() <= JUDGED and all(judged(part) for name, part in rules.items() if name not in ("enum", "const"))


def same_container(old: Schema, new: Schema) -> str | None:
    """The keyword that holds the schema of what is inside, if both are lists or both are maps, under the same rules."""
    for kind, inner in (("array", "items"), ("object", "additionalProperties")):
        if old.get("type") == new.get("type") == kind and isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
            return inner if bare(old, inner) == bare(new, inner) else None
    return None


def bare(container: Schema, inner: str) -> dict[str, Any]:
    """The rules of a list or map itself, without those of what is inside."""
    return {name: value for name, value in container.items() if name not in ANNOTATIONS | {inner}}
