"""People at work while things break: every command is repeated under its key until it is answered, and what was accepted is remembered."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

import httpx
from dev.demo.stage import Person, Stage, StoryError, eventually

from . import people

PASSING = (502, 503, 504)
WEEKS, DAYS = 12, 77
"""How long ago students were enrolled, and on how many days since they work: a day holds 24 hours, and a long run logs many."""


async def insist(person: Person, service: str, path: str, body: Any, faults: Counter[str], method: str = "POST") -> httpx.Response:
    """The answer to a command. One whose answer was lost is sent again with the same Idempotency-Key, as a good client does."""
    key = str(uuid4())
    while True:
        try:
            answer = await person.http.request(method, f"/api/{service}{path}", json=body, headers={"Idempotency-Key": key})
            if answer.status_code == 401:
                await _sign_in_again(person)
            elif answer.status_code not in PASSING and answer.status_code != 500:
                return answer
            faults[f"{service} {answer.status_code} {answer.json()['type']}"] += 1
        except httpx.TransportError as error:
            faults[f"{service} {type(error).__name__}"] += 1
        await asyncio.sleep(0.2)


async def _sign_in_again(person: Person) -> None:
    """Tokens end in the midst of a long run; where even that fails just now, the next try comes soon."""
    with suppress(StoryError, httpx.TransportError):
        await person.sign_in()


@dataclass
class Work:
    """One student at work, and what was accepted: minutes by the entry's own key, those that were voided, services submitted."""

    student: Person
    enrollment: str
    began: date
    minutes: dict[str, int] = field(default_factory=dict)
    log_ids: dict[str, str] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)

    async def step(self, number: int, faults: Counter[str]) -> None:
        """One thing that a student does: mostly hours, now and then a void or a service."""
        if number % 7 == 5:
            await self._void(faults)
        elif number % 9 == 4:
            await self._service(number, faults)
        else:
            await self.hours(number, faults)

    async def hours(self, number: int, faults: Counter[str]) -> None:
        """Logs some minutes under a key that follows from the number."""
        key, on = f"{self.enrollment}/{number}", self.began + timedelta(days=number % DAYS)
        entry = {"enrollment_id": self.enrollment, "work_date": on.isoformat(), "minutes": 1 + number % 3, "category": "practical",
                 "source": "manual", "external_key": key}  # fmt: skip
        answer = await insist(self.student, "compliance", "/v1/hours", entry, faults)
        assert answer.status_code == 201, answer.text
        self.minutes[key], self.log_ids[key] = entry["minutes"], answer.json()["log_id"]

    async def _void(self, faults: Counter[str]) -> None:
        key = next((key for key in self.minutes if key not in self.voided), None)
        if key is not None:
            answer = await insist(self.student, "compliance", f"/v1/hours/{self.log_ids[key]}/void", {"reason": "mistaken"}, faults)
            assert answer.status_code == 200, answer.text
            self.voided.add(key)

    async def _service(self, number: int, faults: Counter[str]) -> None:
        entry = {"enrollment_id": self.enrollment, "skill_code": "haircut", "service_name": "Cut", "duration_minutes": 20,
                 "performed_at": f"{self.began.isoformat()}T15:00:00Z", "client_identifier": f"C-{number}", "self_rating": 3}  # fmt: skip
        made = await insist(self.student, "skills", "/v1/entries", entry, faults)
        assert made.status_code == 201, made.text
        answer = await insist(self.student, "skills", f"/v1/entries/{made.json()['id']}/submission", {}, faults)
        assert answer.status_code == 200, answer.text
        self.services.add(made.json()["id"])


@dataclass(frozen=True)
class Newcomer:
    """Someone who signed up and was enrolled under the load."""

    email: str
    id: str
    enrollment: str


@dataclass
class Load:
    """Everyone at work at once, each with a pause after each thing done.

    `done` counts what was accepted, `faults` what a client met on the way, in seconds the pause.
    """

    stage: Stage
    holder: Person
    program: str
    work: list[Work]
    newcomers: list[Newcomer] = field(default_factory=list)
    done: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    pause: float = 0.0

    async def student_works(self, work: Work, stop: asyncio.Event) -> None:
        number = 0
        while not stop.is_set():
            await work.step(number, self.faults)
            number, self.done = number + 1, self.done + 1
            await asyncio.sleep(self.pause)

    async def holder_enrolls(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            first = f"New{uuid4().hex[:10]}"
            signing_up = {"email": f"{first}@e2e.example", "name": f"{first} Comer", "password": token_urlsafe(12)}
            user = await insist(self.holder, "identity", "/v1/users", signing_up, self.faults)
            assert user.status_code == 201, user.text
            place = {"program_id": self.program, "student_id": user.json()["id"], "started_on": self.work[0].began.isoformat()}
            answer = await eventually("onboarding knowing the newcomer", lambda place=place: self._enrolled(place))  # type: ignore[misc]
            assert answer.status_code == 201, answer.text
            self.newcomers.append(Newcomer(user.json()["email"], user.json()["id"], answer.json()["id"]))
            self.done += 1
            await asyncio.sleep(0.5 + 5 * self.pause)

    async def _enrolled(self, place: dict[str, str]) -> httpx.Response | None:
        answer = await insist(self.holder, "onboarding", "/v1/enrollments", place, self.faults)
        return answer if answer.status_code != 404 else None

    async def goes_on(self, more: int = 30) -> None:
        """Returns when so many more commands have been accepted."""
        wanted = self.done + more

        async def enough() -> bool:
            return self.done >= wanted

        await eventually(f"{more} more commands", enough)


@asynccontextmanager
async def at_work(load: Load) -> AsyncIterator[Load]:
    """Everyone works until the end of the block, and ends with what they have begun. Fails if anyone was refused."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for work in load.work:
            group.create_task(load.student_works(work, stop))
        group.create_task(load.holder_enrolls(stop))
        try:
            yield load
        finally:
            stop.set()


async def prepared(stage: Stage, zone: str, students: int) -> Load:
    """A program with students whom every service knows."""
    holder = await people.program_holder(stage)
    program, began = await people.program(holder, zone), people.weeks_ago(WEEKS)
    work = []
    for _ in range(students):
        student = await people.somebody(stage, "Worker")
        work.append(Work(student, await people.enroll(holder, program, student, began), began))
    for one in work:
        await people.until_known(one.student, one.enrollment)
    return Load(stage, holder, program, work)
