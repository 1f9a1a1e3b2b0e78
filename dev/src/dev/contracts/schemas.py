"""The JSON Schema of an event class, and those that were published before."""

import json
import subprocess
from pathlib import Path
from typing import Any

from contracts.event import Event

Schema = dict[str, Any]
Published = dict[tuple[str, int], Schema]
"""Schemas by topic and version."""

FOLDER = Path("libs/contracts/schemas")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


class UnknownRevisionError(ValueError):
    """git knows no such revision."""


def schema_of(event: type[Event]) -> Schema:
    """What producers of this class write. Open: more fields may come, and readers pass over those that they do not know."""
    body: Schema = without_titles(event.model_json_schema(mode="serialization"))
    named = {
        "$schema": DIALECT,
        "$id": event.schema_uri(),
        "title": event.__name__,
        "description": body.pop("description", ""),
        "x-topic": event.topic,
        "x-version": event.version,
        "x-key": event.key,
    }
    definitions = {"$defs": body.pop("$defs")} if "$defs" in body else {}
    return {**named, **body, **definitions}


def without_titles(schema: Any) -> Any:
    """The schema without the titles that only repeat a name; a property called `title` stays."""
    if isinstance(schema, list):
        return [without_titles(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: without_titles(part) for name, part in schema.items() if name != "title" or isinstance(part, dict)}


def file_name(topic: str, version: int) -> str:
    """The file of a published version, inside FOLDER."""
    return f"{topic}.v{version}.json"


def as_text(document: Any) -> str:
    """The bytes that are committed: the same each time."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def published_in(folder: Path) -> Published:
    """Every schema file of a folder."""
    return by_version(path.read_text() for path in sorted(folder.glob("*.json")))


def published_at(root: Path, revision: str) -> Published:
    """Every schema file as it was committed at a git revision. Raises UnknownRevisionError."""
    if git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").returncode:
        raise UnknownRevisionError(f"git knows no revision {revision!r}: fetch it, or name another with --base")
    listed = git(root, "ls-tree", "-r", "--name-only", revision, "--", str(FOLDER)).stdout.split()
    return by_version(git(root, "show", f"{revision}:{path}").stdout for path in listed)


def by_version(texts: Any) -> Published:
    """Schemas by the topic and version that they name themselves."""
    schemas = [json.loads(text) for text in texts]
    return {(schema["x-topic"], schema["x-version"]): schema for schema in schemas}


def git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What git says in `root`."""
    return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
