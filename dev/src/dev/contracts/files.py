"""Every generated file, and which of them are not current."""

from collections.abc import Mapping
from pathlib import Path

from contracts.event import ALL_SERVICES, EVENTS
from contracts.examples import examples
from contracts.topics import TOPICS

from dev.contracts.asyncapi import asyncapi
from dev.contracts.events_page import events_page
from dev.contracts.schemas import FOLDER, as_text, file_name, published_in, schema_of
from dev.contracts.topics_file import strimzi_file, topics_file

ROOT = Path(__file__).parents[4]


def generated(root: Path = ROOT) -> dict[Path, str]:
    """What each generated file must hold, by its path from `root`. Older versions' schemas are read there, not made."""
    published = published_in(root / FOLDER)
    events = [EVENTS[topic] for topic in sorted(EVENTS)]
    schemas = {FOLDER / file_name(event.topic, event.version): as_text(schema_of(event)) for event in events}
    services = {
        Path(f"services/{service}/src/{service.replace('-', '_')}/asyncapi.json"): as_text(asyncapi(events, published, service))
        for service in ALL_SERVICES
    }
    return {
        **schemas,
        Path("deploy/kafka/topics.yaml"): topics_file(TOPICS),
        Path("deploy/k8s/topics/topics.yaml"): strimzi_file(TOPICS),
        Path("docs/events.md"): events_page(EVENTS, examples()),
        Path("docs/asyncapi.json"): as_text(asyncapi(events, published)),
        **services,
    }


def stale(files: Mapping[Path, str], root: Path = ROOT) -> list[Path]:
    """The files that are missing or say something else, in order."""
    return [path for path in sorted(files) if not (root / path).is_file() or (root / path).read_bytes() != files[path].encode()]


def write(files: Mapping[Path, str], root: Path = ROOT) -> list[Path]:
    """Writes those that are not current, and says which they were."""
    changed = stale(files, root)
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(files[path].encode())
    return changed
