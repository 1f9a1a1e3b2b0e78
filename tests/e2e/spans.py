"""The traces that the services wrote, as a graph of who told whom what."""

import json
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from contracts.event import EVENTS
from dev.demo.stage import eventually
from dev.stack import Stack

from . import looking


@dataclass(frozen=True)
class Span:
    """One piece of work of one service."""

    service: str
    name: str
    kind: str
    id: str
    parent: str | None

    @property
    def topic(self) -> str:
        """The topic that it published to or applied from; empty for other work."""
        doing, _, topic = self.name.partition(" ")
        return topic if doing in ("publish", "prepare", "apply") and topic in EVENTS else ""


@dataclass(frozen=True)
class Trace:
    """A trace that a test begins: `parent` stands for the client's own span, which no service writes down."""

    id: str
    parent: str

    @classmethod
    def begun(cls) -> "Trace":
        return cls(uuid4().hex, uuid4().hex[:16])

    @property
    def headers(self) -> dict[str, str]:
        """What the client sends along."""
        return {"traceparent": f"00-{self.id}-{self.parent}-01"}


Edge = tuple[str, str, str]


def spans_of(folder: Path, trace: Trace) -> list[Span]:
    """Every span of the trace that lies in the folder by now. A line that is just being written is passed over."""
    found = []
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            if trace.id in line and line.endswith("}"):
                told = json.loads(line)
                found.append(Span(told["service"], told["name"], told["kind"], told["span_id"], told["parent_id"]))
    return found


def orphans(spans: list[Span], trace: Trace) -> list[Span]:
    """Spans whose parent nobody wrote down."""
    known = {span.id for span in spans} | {trace.parent}
    return [span for span in spans if span.parent not in known]


def edges(spans: list[Span]) -> set[Edge]:
    """Who published what, and who applied it: (service, topic, service)."""
    by_id = {span.id: span for span in spans}
    told = set()
    for span in spans:
        source = by_id.get(span.parent or "")
        if span.name.startswith(("apply ", "prepare ")) and source and source.name == f"publish {span.topic}":
            told.add((source.service, span.topic, span.service))
    return told


def meant(spans: list[Span]) -> set[Edge]:
    """The edges that the contracts imply for what was published in the trace.

    A service applies an event of its own only where nobody else is there for it: work that it gives to its own workers.
    """
    published = {(span.service, span.topic) for span in spans if span.name == f"publish {span.topic}"}
    return {
        (source, topic, consumer)
        for source, topic in published
        for consumer in EVENTS[topic].consumers
        if consumer != source or EVENTS[topic].consumers == (source,)
    }


async def complete(stack: Stack, trace: Trace, *wanted: str) -> list[Span]:
    """The trace's spans, once nothing is under way, the wanted topics are in it, and each span's parent was written too.

    Services write their spans half a second after the fact; a trace that does not come together fails here with what is missing.
    """
    await looking.settled(stack)
    seen: list[Span] = []

    async def whole() -> bool:
        seen[:] = spans_of(stack.home / "traces", trace)
        there = {span.topic for span in seen}
        return there.issuperset(wanted) and not orphans(seen, trace) and edges(seen) >= meant(seen)

    try:
        await eventually("the whole trace", whole, 60)
    finally:
        missing = set(wanted) - {span.topic for span in seen}
        assert not missing, f"nothing of this was heard in the trace: {missing}"
        assert not (lost := orphans(seen, trace)), f"their parents are in no trace: {lost}"
        assert edges(seen) == meant(seen)
    return seen
