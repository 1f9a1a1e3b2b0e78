"""The committed examples as events: one small story, so that a service's tests can take them for its neighbours' events.

They lie beside the package's sources (`libs/contracts/examples`), not in it: tests run in the workspace.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from contracts import topics  # noqa: F401  (fills EVENTS)
from contracts.event import EVENTS, SCHEMA_PREFIX, Event

FOLDER = Path(__file__).parents[2] / "examples"
FOLDER_NAME = re.compile(r"(?P<topic>.+)\.v(?P<version>[1-9][0-9]*)")


class ExampleMissingError(LookupError):
    """There is no such example; the message says which there are."""


@dataclass(frozen=True)
class Example:
    """One committed example: whose it is, its name (the file's, without `.json`) and where it lies."""

    topic: str
    version: int
    name: str
    path: Path

    def read_as(self, event: type[Event]) -> Event:
        """The event, lifted to the newest version. Raises ValueError when it does not read as that class."""
        return event.read(f"{SCHEMA_PREFIX}{self.topic}:v{self.version}", self.path.read_bytes())


def examples(folder: Path = FOLDER) -> list[Example]:
    """Every committed example, by topic, version and name. Raises ExampleMissingError when the folder is not there."""
    if not folder.is_dir():
        raise ExampleMissingError(f"{folder} is not there: examples come with the workspace, not with the installed package")
    found = ((FOLDER_NAME.fullmatch(path.parent.name), path) for path in folder.glob("*/*.json"))
    named = [Example(match["topic"], int(match["version"]), path.stem, path) for match, path in found if match]
    return sorted(named, key=lambda example: (example.topic, example.version, example.name))


def example(topic: str, name: str | None = None, version: int | None = None) -> Event:
    """The event in `examples/<topic>.v<version>/<name>.json`: of the newest version and the first by name, unless told otherwise.

    An older version's example comes back lifted. Raises ExampleMissingError when there is none.
    """
    wanted = version or (EVENTS[topic].version if topic in EVENTS else 0)
    there = [found for found in examples() if found.topic == topic and found.version == wanted]
    chosen = [found for found in there if name in (None, found.name)]
    if not chosen:
        names = ", ".join(found.name for found in there) or "none"
        raise ExampleMissingError(f"no example {name or 'at all'} of {topic}.v{wanted}; there are: {names} (libs/contracts/examples)")
    return chosen[0].read_as(EVENTS[topic])
