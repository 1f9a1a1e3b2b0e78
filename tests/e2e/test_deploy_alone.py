"""Each service is deployed alone, before and after an additive change of the contracts, while the others stay as they are.

`:dev` is the older build. The newer one writes a field into every event that the older one does not know (`newer.ADDITIVE`).
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import available_timezones

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer
from contracts.event import EVENTS
from dev.demo import acts
from dev.demo.stage import Stage, eventually
from dev.live_containers import WORKER, Containers

from . import agreement, looking, newer, people
from .apprentice import apprentice
from .waiting import EVERY_SERVICE

pytestmark = pytest.mark.timeout(600)
OLDER = "dev"
WRITERS = frozenset(EVERY_SERVICE) - {"portal"}
"""Who publishes something on the way of an apprentice."""
IN_SETS = frozenset({"compliance"})
"""Who also publishes by statements, which name an event's fields themselves and have no others until they are told to."""
ZONES = iter(sorted(zone for zone in available_timezones() if zone.startswith("Europe/")))
"""A zone's week is scanned once, so every apprentice lives in another."""


@dataclass
class Mixed:
    """A stack of both builds. `newer` names the services that run the newer one by now."""

    live: Containers
    stage: Stage
    newer: set[str] = field(default_factory=set)

    async def become(self, wanted: set[str]) -> None:
        """Deploys exactly those services that have to change so that the newer ones are these."""
        changing = {name: newer.TAG if name in wanted else OLDER for name in wanted ^ self.newer}
        await asyncio.to_thread(self.live.deploy, changing)
        self.newer = wanted


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mixed(containers: Containers, stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mixed]:
    """The stack, older in every part; afterwards it is so again, for the tests that come next."""
    settings = containers.stack.home / "compose.env"
    before = settings.read_text()
    source = newer.changed(tmp_path_factory.mktemp("newer"), *newer.ADDITIVE)
    await asyncio.to_thread(newer.build, source)
    try:
        yield Mixed(containers, stage)
    finally:
        settings.write_text(before)
        await asyncio.to_thread(containers.docker, "up", "--wait", "--no-deps", *EVERY_SERVICE, WORKER)
        await asyncio.to_thread(newer.remove)


async def written(stage: Stage, since: looking.Ends) -> dict[str, set[str | None]]:
    """Who wrote to the event topics since then, and what the new field said in that; None where it was not there."""
    found: dict[str, set[str | None]] = {}
    async with AIOKafkaConsumer(bootstrap_servers=stage.stack.kafka, enable_auto_commit=False) as reader:
        reader.assign(list(since))
        ends = await reader.end_offsets(list(since))
        for part, offset in since.items():
            reader.seek(part, offset)
        while any([await reader.position(part) < end for part, end in ends.items()]):
            for batch in (await reader.getmany(timeout_ms=500)).values():
                for record in batch:
                    found.setdefault(looking.header(record, "ce_source"), set()).add(json.loads(record.value).get(newer.FIELD))
    return found


async def journey(stage: Stage) -> None:
    """A partner, a program, an apprentice with records of every kind, an approval; owners, portal and mail agree on it."""
    made = await apprentice(stage, next(ZONES))
    answer = await made.holder.ask("POST", "skills", "/v1/approvals", (200, 201), json={"enrollment_id": made.enrollment})
    assert (len(answer["approved"]), answer["skipped"]) == (1, [])
    await eventually("the welcome", lambda: acts.notified(made.student, "welcome"))
    await looking.settled(stage.stack)
    told = await agreement.agree(stage, await people.administrator(stage), made.enrollment)
    assert {what: len(items) for what, items in told.items()} == {
        "hours": 5, "weeks": 1, "alerts": 1, "services": 1, "courses": 2, "enrollment": 1, "milady": 1,
    }  # fmt: skip
    assert [one[3] for one in told["services"]] == ["approved"]
    shown = await made.student.ask("GET", "portal", f"/v1/students/{made.student.id}/progress")
    assert {skill["code"]: skill["approved"] for skill in shown["skills"]} == {"haircut": 1, "shave": 0}


async def works(mixed: Mixed) -> None:
    """The journey goes well; exactly the newer ones wrote the new field, and nobody set anything aside."""
    await looking.settled(mixed.stage.stack)
    async with looking.offsets(mixed.stage.stack) as kafka:
        since = await kafka.ends()
    await journey(mixed.stage)
    expected: dict[str, set[str | None]] = {name: {name if name in mixed.newer else None} for name in WRITERS}
    found = await written(mixed.stage, since)
    for name in mixed.newer & IN_SETS:
        found[name].discard(None)
    assert found == expected
    assert await looking.unplanned_letters(mixed.stage.stack) == []


def test_the_gate_calls_the_change_additive(tmp_path: Path) -> None:
    said = newer.judged(newer.changed(tmp_path, *newer.ADDITIVE))
    assert said["having"] == said["events"] > 20
    assert said["breaks"] == []


def test_the_gate_refuses_the_same_field_if_it_were_needed(tmp_path: Path) -> None:
    said = newer.judged(newer.changed(tmp_path, *newer.NEEDED))
    assert len(said["breaks"]) == said["events"]
    assert all(f"`{newer.FIELD}` is new and required" in one for one in said["breaks"])


def test_the_gate_refuses_to_lose_a_field(tmp_path: Path) -> None:
    said = newer.judged(newer.changed(tmp_path, *newer.GONE))
    losers = sorted(f"{topic} {event.version}" for topic, event in EVENTS.items() if event.__module__ == "contracts.hours")
    assert [one.split(". ")[0] for one in said["breaks"]] == [f"{one}: `work_date` is gone, and an old consumer needs it" for one in losers]


async def test_a_newer_one_stands_alone_among_older_ones(mixed: Mixed) -> None:
    await mixed.become({"compliance"})
    await works(mixed)


@pytest.mark.parametrize("service", EVERY_SERVICE)
async def test_the_older_one_stands_alone_among_newer_ones(mixed: Mixed, service: str) -> None:
    await mixed.become(set(EVERY_SERVICE) - {service})
    await works(mixed)
