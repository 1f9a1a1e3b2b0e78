"""The sync workers are scaled from one to four and back while a sync runs; every item of it is read, stored and counted once."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from dev.demo.stage import Person, Stage, eventually
from dev.live import Live

from . import agreement, looking, ordering, people, workers

pytestmark = pytest.mark.timeout(1800)
ZONE = "America/Moncton"
COURSES = ("rise-wellbeing-safety", "rise-finance-fundamentals")
STUDENTS, AT_ONCE = 100, 8
HELD, BRISK = 7.0, 1.0
"""Seconds that Milady takes for an answer (of four for a student). Held, one batch takes longer than a worker is given to end it;
what is held is let go as soon as the test has seen what it waits for."""
TOPIC = "sync.requested"
ALL = {(topic, number) for topic in (TOPIC, "provisioning.requested") for number in range(6)}


@dataclass
class Synced:
    """A sync run of one program's students: as it was when the workers had become four, and one again, and in the end."""

    program: str
    students: dict[str, Person]
    run: str = ""
    at_four: dict[str, Any] = field(default_factory=dict)
    at_one: dict[str, Any] = field(default_factory=dict)
    ended: dict[str, Any] = field(default_factory=dict)
    applied: dict[str, int] = field(default_factory=dict)


async def students(stage: Stage) -> Synced:
    """A program whose students all have their courses on Milady and have studied a day in each, which nobody knows here yet."""
    holder = await people.program_holder(stage)
    program, began, gate = await people.program(holder, ZONE), people.weeks_ago(3), asyncio.Semaphore(AT_ONCE)
    found: dict[str, Person] = {}

    async def one() -> None:
        async with gate:
            student = await people.somebody(stage, "Scaled")
            found[await people.enroll(holder, program, student, began)] = student

    await asyncio.gather(*(one() for _ in range(STUDENTS)))
    await eventually("everyone in Milady", lambda: everyone_has_courses(stage, found))
    for number, student in enumerate(found.values()):
        for course in COURSES:
            studied = {"course": course, "hours": "0.50", "on": (began + timedelta(days=number % 5)).isoformat(), "activity": "video"}
            (await stage.sandbox.post("/control/study", json={"student_email": student.email, **studied})).raise_for_status()
    await looking.settled(stage.stack)
    return Synced(program, found)


async def everyone_has_courses(stage: Stage, enrollments: dict[str, Person]) -> bool:
    sql = "select count(*) as n from provisioning where enrollment_id = any($1::uuid[]) and state = 'provisioned'"
    return bool((await looking.rows(stage.stack, "milady-sync", sql, list(enrollments)))[0]["n"] == len(enrollments))


async def milady_takes(stage: Stage, seconds: float) -> None:
    """From now on each answer of Milady takes so long; those that are under way come at once."""
    late = {"kind": "late", "path": "GET *", "seconds": seconds, "count": 1_000_000}
    (await stage.sandbox.put("/control/faults", json={"next": [late] if seconds else []})).raise_for_status()


async def is_being_read(stage: Stage) -> bool:
    """Whether a worker waits for an answer of Milady's."""
    last = (await stage.sandbox.get("/control/requests", params={"limit": 20})).json()["requests"]
    return any(one["method"] == "GET" and "/enrollments/" in one["path"] and one["status"] is None for one in last)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def synced(live: Live, stage: Stage) -> AsyncIterator[Synced]:
    """The story: a sync begins with one worker, goes on with four, and ends with one."""
    admin, made = await people.administrator(stage), await students(stage)
    before = await asyncio.to_thread(workers.applied, live, TOPIC)
    assert len(before) == 1

    async def so_far() -> dict[str, Any]:
        return dict(await admin.ask("GET", "milady-sync", f"/v1/syncs/{made.run}"))

    async def several_have_applied() -> bool:
        now = await asyncio.to_thread(workers.applied, live, TOPIC)
        made.applied = {name: count - before.get(name, 0) for name, count in now.items()}
        return sum(count > 0 for count in made.applied.values()) > 1

    try:
        await milady_takes(stage, HELD)
        asked = {"scope": "program", "id": made.program}
        made.run = (await admin.ask("POST", "milady-sync", "/v1/syncs", 202, json=asked))["id"]
        await eventually("the first questions to Milady", lambda: is_being_read(stage))
        await asyncio.to_thread(live.scale_workers, 4)
        await eventually("a share for each of four", lambda: shared_by(stage, 4))
        made.at_four = await so_far()
        await milady_takes(stage, BRISK)
        await eventually("more than one having applied something", several_have_applied)
        await milady_takes(stage, HELD)
        await asyncio.to_thread(live.scale_workers, 1)
        made.at_one = await so_far()
        await milady_takes(stage, 0)

        async def ended() -> bool:
            made.ended = await so_far()
            return bool(made.ended["state"] == "finished")

        await eventually("the end of the sync", ended)
        await looking.settled(live.stack)
        yield made
    finally:
        await milady_takes(stage, 0)
        await asyncio.to_thread(live.scale_workers, 1)


async def shared_by(stage: Stage, count: int) -> bool:
    """Whether so many members hold all partitions among them, each at least one with sync work."""
    held = await workers.shares(stage.stack)
    has_work = [any(topic == TOPIC for topic, _ in share) for share in held]
    return len(held) == count and all(has_work) and Counter(part for share in held for part in share) == Counter(ALL)


async def test_the_sync_ran_through_both_changes_and_ended_complete(synced: Synced) -> None:
    assert (synced.at_four["state"], synced.at_one["state"]) == ("running", "running")
    assert synced.at_four["done"] < synced.at_one["done"] < STUDENTS
    ended = synced.ended
    assert (ended["state"], ended["total"], ended["done"], ended["failed"]) == ("finished", STUDENTS, STUDENTS, 0)


async def test_more_than_one_worker_did_the_work(synced: Synced) -> None:
    assert len(synced.applied) == 4
    assert sum(count > 0 for count in synced.applied.values()) > 1


async def test_one_worker_holds_all_partitions_again(live: Live, stage: Stage, synced: Synced) -> None:
    assert synced.ended
    await eventually("one member alone", lambda: shared_by(stage, 1))
    (left,) = workers.names(live)
    assert live.ready(left)


async def test_every_item_was_counted_once_and_every_entry_stored_once(live: Live, stage: Stage, synced: Synced) -> None:
    admin = await people.administrator(stage)
    of_program = [one for one in await agreement.every(admin, "milady-sync", "/v1/syncs") if one["scope_id"] == synced.program]
    assert sum(one["entries_changed"] for one in of_program) == STUDENTS * len(COURSES)
    items = "select enrollment_id, state from sync_item where sync_id = $1"
    assert {str(row["enrollment_id"]): row["state"] for row in await looking.rows(live.stack, "milady-sync", items, UUID(synced.run))} == (
        dict.fromkeys(synced.students, "done")
    )
    for table in ("milady_time_tracking", "milady_course"):
        kept = f"select revision from {table} where enrollment_id = any($1::uuid[])"
        found = [row["revision"] for row in await looking.rows(live.stack, "milady-sync", kept, list(synced.students))]
        assert found == [1] * (STUDENTS * len(COURSES)), table


async def test_the_end_was_told_once(live: Live, synced: Synced) -> None:
    told = [json.loads(record.value) for record in await looking.records(live.stack, ["sync.finished"])]
    (once,) = [one for one in told if one["sync_id"] == synced.run]
    assert (once["enrollments"], once["failed"]) == (STUDENTS, [])


async def test_owners_and_portal_agree_on_every_student(stage: Stage, synced: Synced) -> None:
    admin, gate = await people.administrator(stage), asyncio.Semaphore(AT_ONCE)

    async def one(enrollment: str) -> None:
        async with gate:
            told = await agreement.agree(stage, admin, enrollment)
            assert [entry[3:] for entry in told["hours"]] == [("30", "lms", "verified")] * len(COURSES)
            assert len(told["courses"]) == len(COURSES)

    await asyncio.gather(*(one(enrollment) for enrollment in synced.students))


async def test_nothing_was_lost_turned_around_or_set_aside(live: Live, synced: Synced) -> None:
    assert synced.ended
    assert await ordering.published(live.stack) == await ordering.committed(live.stack)
    assert await ordering.turned_around(live.stack) == []
    assert await ordering.not_applied(live.stack) == []
    assert await looking.unplanned_letters(live.stack) == []
