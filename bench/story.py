"""From `POST /v1/hours` to the alert's end on the partner's open page, with the whole stack under load.

The load is one-minute entries through the gateway at half of the peak rate that was measured just before. Among them, students with an
open alert log the hours that reach their target; the clock stops when a fetch that the partner's live stream caused shows it no more.
"""

import asyncio
import json
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta

from _ground import Figure, main, percentiles
from _load import fire, request
from dev.demo import acts
from dev.demo.pages import Browser, open_browser
from dev.demo.stage import Person, Stage
from dev.demo.story import partner_signs_up
from dev.demo.weeks import FIRST, SECOND, ZONE, day
from dev.live import temporary_stack
from dev.stack import Stack

STUDENTS, PROBES, PROBES_A_SECOND, PEAK_REQUESTS, CONNECTIONS = 12, 120, 4, 1500, 8
WEDNESDAY = date.fromisoformat(day(SECOND, "wed"))


@dataclass
class Watch:
    """The partner's window: which open alerts a fetch after each live event showed, and who waits for an end."""

    partner: Person
    browser: Browser
    waiting: dict[str, asyncio.Future[float]] = field(default_factory=dict)

    async def run(self) -> None:
        """Fetches after every live event about alerts."""
        while True:
            if "alerts" in self.browser.heard:
                self.browser.heard.clear()
                shown = {a["enrollment_id"] for a in (await self.partner.ask("GET", "portal", "/v1/alerts?status=open&limit=500"))["items"]}
                for enrollment in [one for one in self.waiting if one not in shown]:
                    self.waiting.pop(enrollment).set_result(time.perf_counter())
            await asyncio.sleep(0.001)


async def school(stage: Stage) -> dict[str, Person]:
    """A partner's program and its students, by enrollment."""
    await partner_signs_up(stage)
    dana = stage.people["Dana Brooks"]
    plan = {
        "name": "Bench",
        "time_zone": ZONE,
        "theory_minutes": 450,
        "practical_minutes": 120000,
        "required_minutes_per_week": 600,
        "skills": [],
    }
    plan["skills"] = [{"code": "haircut", "title": "Haircuts", "quota": 200}]
    program = await dana.ask("POST", "onboarding", "/v1/programs", 201, json=plan)
    found = {}
    for number in range(STUDENTS):
        student = await acts.sign_up(stage, f"student{number} Bench", "bench")
        enrolling = {"program_id": program["id"], "student_id": student.id, "started_on": FIRST.isoformat()}
        while "id" not in (made := await dana.ask("POST", "onboarding", "/v1/enrollments", (201, 404, 409), json=enrolling)):
            await asyncio.sleep(0.1)
        found[made["id"]] = student
        while not (await student.ask("GET", "compliance", f"/v1/enrollments/{made['id']}/weeks", (200, 404))).get("items"):
            await asyncio.sleep(0.1)
    return found


def one_minute(stack: Stack, enrollment: str, student: Person, number: int) -> bytes:
    """A small entry in the week before the one that is watched."""
    on = FIRST + timedelta(days=number % 6)
    body = {"enrollment_id": enrollment, "work_date": on.isoformat(), "minutes": 1, "category": "practical", "source": "manual"}
    token = student.http.headers["Authorization"].removeprefix("Bearer ")
    return request("127.0.0.1", "/api/compliance/v1/hours", token, json.dumps(body).encode(), str(uuid.uuid4()))


async def load(stack: Stack, students: dict[str, Person], rate: float) -> None:
    """One-minute entries at that rate until cancelled, over as many connections as the peak had."""
    pairs = list(students.items())

    async def lane(first: int) -> None:
        number = first
        while True:
            due = time.perf_counter() + CONNECTIONS / rate
            await fire(stack.port("gateway"), [one_minute(stack, *pairs[number % len(pairs)], number)], 1)
            number += CONNECTIONS
            await asyncio.sleep(max(0, due - time.perf_counter()))

    await asyncio.gather(*(lane(n) for n in range(CONNECTIONS)))


async def probe(stage: Stage, watch: Watch, enrollment: str) -> float:
    """Logs what reaches the target, waits for the alert's end on the page, and takes the hours back: the alert is open again."""
    student = stage.facts[enrollment]
    watch.waiting[enrollment] = ended = asyncio.get_running_loop().create_future()
    entry = {"enrollment_id": enrollment, "work_date": day(SECOND, "thu"), "minutes": 600, "category": "practical", "source": "manual"}
    started = time.perf_counter()
    made = await student.ask("POST", "compliance", "/v1/hours", 201, json=entry)
    took = await asyncio.wait_for(ended, 30) - started
    await student.ask("POST", "compliance", f"/v1/hours/{made['log_id']}/void", (200, 201), json={"reason": "bench"})
    while not (await watch.partner.ask("GET", "portal", f"/v1/alerts?status=open&enrollment_id={enrollment}"))["items"]:
        await asyncio.sleep(0.02)
    return took


async def measure(stack: Stack) -> tuple[float, list[float], list[float]]:
    """The peak rate, and the times without and with load."""
    async with Stage.open(stack) as stage:
        students = await school(stage)
        stage.facts.update(students)
        pairs = list(students.items())
        peak, _ = await fire(stack.port("gateway"), [one_minute(stack, *pairs[n % STUDENTS], n) for n in range(PEAK_REQUESTS)], CONNECTIONS)
        await acts.scan(stage.people["Admin"], "midweek", WEDNESDAY.isoformat())
        dana = stage.people["Dana Brooks"]
        watch = Watch(dana, await open_browser(stage, dana))
        watching = asyncio.create_task(watch.run())
        while len((await dana.ask("GET", "portal", "/v1/alerts?status=open&limit=500"))["items"]) < STUDENTS:
            await asyncio.sleep(0.1)
        quiet = await probes(stage, watch, list(students))
        loading = asyncio.create_task(load(stack, students, peak / 2))
        await asyncio.sleep(3)
        busy = await probes(stage, watch, list(students))
        for task in (loading, watching):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        return peak, quiet, busy


async def probes(stage: Stage, watch: Watch, enrollments: list[str]) -> list[float]:
    """So many probes at a steady rate, each with a student of its own while it runs."""
    running = []
    for number in range(PROBES):
        if number >= len(enrollments):
            await running[number - len(enrollments)]
        running.append(asyncio.create_task(probe(stage, watch, enrollments[number % len(enrollments)])))
        await asyncio.sleep(1 / PROBES_A_SECOND)
    return await asyncio.gather(*running)


async def run() -> list[Figure]:
    """On a stack of its own."""
    with temporary_stack() as live:
        peak, quiet, busy = await measure(live.stack)
    calm, loaded = percentiles(quiet), percentiles(busy)
    return [
        Figure("peak of POST /v1/hours through the gateway", f"{peak:,.0f}/s"),
        Figure("hours to the alert's end on the page, quiet", f"p50 {calm[0]:.0f} ms", f"p99 {calm[1]:.0f} ms"),
        Figure("hours to the alert's end on the page, half of the peak", f"p50 {loaded[0]:.0f} ms", f"p99 {loaded[1]:.0f} ms"),
    ]


if __name__ == "__main__":
    main("story: from the hours to the page", run)
