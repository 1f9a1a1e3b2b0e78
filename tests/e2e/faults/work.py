"""What people do while things break: the load of the delivery tests, and further people at the other services' doors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from dev.demo.stage import Person, Stage

from .. import people
from ..load import Load, Work, at_work, insist, prepared

COURSE = "rise-wellbeing-safety"
STUDIED_DAYS = 10
ZONE = "America/Los_Angeles"


@dataclass
class More:
    """What was accepted beside the load's own: approvals by entry, minutes studied by enrollment, who may see whom, who left."""

    partner: Person
    assigned: dict[str, bool] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    approved: set[str] = field(default_factory=set)
    studied: dict[str, int] = field(default_factory=dict)
    syncs: int = 0
    scans: int = 0
    looks: int = 0


async def approves(load: Load, more: More, stop: asyncio.Event) -> None:
    """The holder decides about services, one after the other."""
    while not stop.is_set():
        waiting = [entry for work in load.work for entry in work.services if entry not in more.approved]
        for entry in waiting[:3]:
            answer = await insist(load.holder, "skills", f"/v1/entries/{entry}/approval", {}, load.faults)
            if answer.status_code == 200:
                more.approved.add(entry)
        await asyncio.sleep(0.5)


async def studies(load: Load, more: More, stop: asyncio.Event) -> None:
    """Students study in Milady, and the administrator has their progress fetched."""
    admin, number = load.stage.people["Admin"], 0
    while not stop.is_set():
        work = load.work[number % len(load.work)]
        number += 1
        # A day has 24 hours, so one day does not do; a sync reads 14 days back from the newest it knows, so more than these do not either.
        on = (work.began + timedelta(days=number // len(load.work) % STUDIED_DAYS)).isoformat()
        told = {"student_email": work.student.email, "course": COURSE, "hours": "0.10", "on": on, "activity": "video"}
        try:
            studied = await load.stage.sandbox.post("/control/study", json=told)
        except httpx.TransportError:
            continue
        if studied.is_success:
            more.studied[work.enrollment] = more.studied.get(work.enrollment, 0) + 6
        asked = await insist(admin, "milady-sync", "/v1/syncs", {"scope": "enrollment", "id": work.enrollment}, load.faults)
        more.syncs += asked.status_code == 202
        await asyncio.sleep(1)


async def watches(load: Load, more: More, stop: asyncio.Event) -> None:
    """The administrator runs a past week's checks, and a student looks at the portal."""
    admin, kinds, number = load.stage.people["Admin"], ("midweek", "weekly"), 0
    while not stop.is_set():
        work, week = load.work[number % len(load.work)], people.weeks_ago(3)
        on = people.timedelta(days=2 if number % 2 == 0 else 6)
        slot = {"kind": kinds[number % 2], "zone": ZONE, "date": (week + on).isoformat()}
        answer = await insist(admin, "compliance", "/v1/scans", slot, load.faults)
        more.scans += answer.status_code in (200, 201)
        number += 1
        try:
            shown = await work.student.http.get(f"/api/portal/v1/students/{work.student.id}/progress")
            more.looks += shown.status_code == 200
        except httpx.TransportError as error:
            load.faults[f"portal {type(error).__name__}"] += 1
        await asyncio.sleep(1)


async def second_device(load: Load, work: Work, stop: asyncio.Event) -> None:
    """A student's telephone logs hours too, at the same time as everything else that is done for the student."""
    number = -1
    while not stop.is_set():
        await work.hours(number, load.faults)
        number, load.done = number - 1, load.done + 1
        await asyncio.sleep(load.pause)


async def moves(load: Load, more: More, stop: asyncio.Event) -> None:
    """The administrator assigns newcomers to a second partner and ends half of that; the holder withdraws every third."""
    admin, number = load.stage.people["Admin"], 0
    while not stop.is_set():
        while number < len(load.newcomers) - 2:
            one = load.newcomers[number]
            told = {"student_id": one.id, "partner_id": more.partner.id, "role": "program_holder"}
            made = await insist(admin, "onboarding", "/v1/assignments", told, load.faults)
            assert made.status_code == 201, made.text
            more.assigned[made.json()["id"]] = True
            if number % 2:
                ended = await insist(admin, "onboarding", f"/v1/assignments/{made.json()['id']}", None, load.faults, method="DELETE")
                assert ended.status_code == 204, ended.text
                more.assigned[made.json()["id"]] = False
            if number % 3 == 0:
                leaving = {"ended_on": load.work[0].began.isoformat(), "reason": "moved away"}
                gone = await insist(load.holder, "onboarding", f"/v1/enrollments/{one.enrollment}/withdrawal", leaving, load.faults)
                assert gone.status_code == 200, gone.text
                more.withdrawn.add(one.enrollment)
            number += 1
        await asyncio.sleep(0.5)


async def everyone(stage: Stage, students: int, pause: float) -> tuple[Load, More]:
    """A program with students whom every service knows, a second partner, and nobody at work yet."""
    partner = await people.program_holder(stage, "Second")
    load = await prepared(stage, ZONE, students)
    load.pause = pause
    return load, More(partner)


@asynccontextmanager
async def all_at_work(load: Load, more: More) -> AsyncIterator[None]:
    """Everyone works until the end of the block."""
    stop = asyncio.Event()
    async with at_work(load), asyncio.TaskGroup() as group:
        for doing in (approves, studies, watches, moves):
            group.create_task(doing(load, more, stop))
        for work in load.work:
            group.create_task(second_device(load, work, stop))
        try:
            yield
        finally:
            stop.set()
