"""Where the story is played: the gateway, the people with their tokens, the sandbox, and an ear on every topic."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import httpx
from aiokafka import AIOKafkaConsumer
from contracts.topics import TOPICS

from dev import loopback
from dev.stack import Stack

T = TypeVar("T")
PATIENCE = 60.0


class StoryError(Exception):
    """Something in the story did not happen."""


def check(holds: object, otherwise: str) -> None:
    """Stops the story unless it holds."""
    if not holds:
        raise StoryError(otherwise)


async def eventually(what: str, look: Callable[[], Awaitable[T]], patience: float = PATIENCE) -> T:
    """What `look` gives, as soon as it gives something. Raises StoryError."""
    deadline = time.monotonic() + patience
    while not (found := await look()):
        check(time.monotonic() < deadline, f"{what} did not happen within {patience:.0f} s (last seen: {found!r})")
        await asyncio.sleep(0.05)
    return found


@dataclass
class Person:
    """Someone who acts in the story, through the gateway and with a token of their own."""

    name: str
    email: str
    password: str
    http: httpx.AsyncClient
    id: str = ""
    roles: tuple[str, ...] = ()
    refresh_token: str = ""

    async def ask(self, method: str, service: str, path: str, expect: int | tuple[int, ...] = 200, **how: Any) -> Any:
        """One request to a service through the gateway; the body of the answer. Raises StoryError on any other status."""
        headers = {"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {}
        answer = await self.http.request(method, f"/api/{service}{path}", headers=headers, **how)
        wanted = (expect,) if isinstance(expect, int) else expect
        check(
            answer.status_code in wanted, f"{self.name}: {method} /api/{service}{path} answered {answer.status_code}: {answer.text[:500]}"
        )
        return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else answer.content

    @property
    def token(self) -> str:
        """The access token of the session."""
        return str(self.http.headers["Authorization"].removeprefix("Bearer "))

    async def sign_in(self) -> None:
        """A session by email and password."""
        self._take(await self.ask("POST", "identity", "/v1/sessions", 201, json={"email": self.email, "password": self.password}))

    async def refresh(self) -> None:
        """A new token, with the roles as they are by now."""
        self._take(await self.ask("POST", "identity", "/v1/sessions/refresh", (200, 201), json={"refresh_token": self.refresh_token}))

    def _take(self, session: dict[str, Any]) -> None:
        self.http.headers["Authorization"] = f"Bearer {session['access_token']}"
        self.refresh_token = session["refresh_token"]
        self.id, self.roles = session["user"]["id"], tuple(session["user"]["roles"])


Step = Callable[["Stage"], Awaitable[None]]


@dataclass
class Stage:
    """What the steps share. `facts` holds what one step leaves for the next."""

    stack: Stack
    exits: AsyncExitStack
    sandbox: httpx.AsyncClient
    heard: Counter[tuple[str, str]] = field(default_factory=Counter)
    people: dict[str, Person] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def open(cls, stack: Stack) -> AsyncIterator[Self]:
        """Connects to the stack; the ear hears what comes from now on."""
        async with AsyncExitStack() as exits:
            outside = f"http://127.0.0.1:{stack.port('sandbox')}"
            sandbox = await exits.enter_async_context(loopback.client(outside, timeout=20))
            stage = cls(stack, exits, sandbox)
            ear = AIOKafkaConsumer(bootstrap_servers=stack.kafka, auto_offset_reset="latest", enable_auto_commit=False)
            ear.subscribe([topic.name for topic in TOPICS])
            await exits.enter_async_context(ear)
            listening = asyncio.create_task(stage._listen(ear))
            exits.callback(listening.cancel)
            yield stage

    async def _listen(self, ear: AIOKafkaConsumer) -> None:
        async for record in ear:
            source = dict(record.headers).get("ce_source", b"?").decode("utf-8", "replace")
            self.heard[source, record.topic] += 1

    async def person(self, name: str, email: str, password: str) -> Person:
        """Someone with a connection of their own to the gateway."""
        http = await self.exits.enter_async_context(loopback.client(self.stack.url, timeout=30))
        self.people[name] = Person(name, email, password, http)
        return self.people[name]

    async def play(self, number: int, step: Step) -> None:
        """Runs a step and prints what happened, who said what, and how long it took."""
        title = (step.__doc__ or step.__name__).strip()
        print(f"\n{number}. {title}", flush=True)
        self.heard.clear()
        started = time.monotonic()
        await step(self)
        took = time.monotonic() - started
        await asyncio.sleep(0.15)
        for service in sorted({source for source, _ in self.heard}):
            said = ", ".join(
                f"{topic}{f' x {n}' if n > 1 else ''}"
                for (source, topic), n in sorted(self.heard.items())
                if source == service and topic != "audit.recorded"
            )
            if said:
                print(f"     {service:<12} {said}")
        print(f"   done in {took:.2f} s", flush=True)

    def say(self, sentence: str) -> None:
        """Tells the reader what just happened."""
        print(f"   - {sentence}", flush=True)

    @property
    def who_can_sign_in(self) -> list[str]:
        """A line for each person of the story."""
        return [f"{person.name}: {person.email} / {person.password}" for person in self.people.values()]
