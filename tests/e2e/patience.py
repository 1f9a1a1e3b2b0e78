"""People who try again when all of Chairside dies under their hands, as browsers and good clients do."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
from dev.demo.pages import Browser
from dev.demo.stage import Person, Stage, Step
from dev.live import Live

from dev import loopback

PASSING = (502, 503, 504)
LONGEST = 600.0
"""Seconds. A machine with other work takes minutes until everything is up again."""


@dataclass
class Calamity:
    """SIGKILL for every process of the stack at the so-many-th request from now, while that is in flight; then `up`."""

    live: Live
    requests_left: int = 0
    strike: asyncio.Task[str] | None = None

    def arm(self, at_request: int) -> None:
        self.requests_left, self.strike = at_request, None

    def passes(self) -> None:
        """Counts a request that is just being sent."""
        self.requests_left -= 1
        if self.requests_left == 0:
            self.strike = asyncio.create_task(self._strike())

    async def _strike(self) -> str:
        await asyncio.to_thread(self.live.kill_everything)
        return await asyncio.to_thread(self.live.up)


@dataclass
class Patient(httpx.AsyncBaseTransport):
    """Sends a request again until it is answered; its Idempotency-Key goes along. `twice` allows that for POSTs without one."""

    calamity: Calamity | None = None
    twice: bool = True
    inner: httpx.AsyncHTTPTransport = field(default_factory=lambda: httpx.AsyncHTTPTransport(verify=False))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The first answer that is not a passing fault."""
        await request.aread()
        deadline = time.monotonic() + LONGEST
        while True:
            if self.calamity:
                self.calamity.passes()
            try:
                answer = await self.inner.handle_async_request(request)
                await answer.aread()
                if answer.status_code not in PASSING or time.monotonic() > deadline:
                    return answer
            except httpx.TransportError as error:
                may_repeat = self.twice or request.method != "POST" or isinstance(error, httpx.ConnectError)
                if not may_repeat or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.2)

    async def aclose(self) -> None:
        await self.inner.aclose()


@dataclass
class PatientStage(Stage):
    """A stage whose people, and whose ear in the sandbox, outlast the calamity."""

    calamity: Calamity | None = None

    def outlast(self, live: Live) -> Calamity:
        """From now on everyone is patient."""
        self.calamity = Calamity(live)
        self.sandbox = loopback.client(self.sandbox.base_url, timeout=30, transport=Patient(twice=False))
        self.exits.push_async_callback(self.sandbox.aclose)
        return self.calamity

    async def person(self, name: str, email: str, password: str) -> Person:
        """Someone with a connection of their own to the gateway."""
        http = loopback.client(self.stack.url, timeout=30, transport=Patient(self.calamity))
        self.people[name] = Person(name, email, password, await self.exits.enter_async_context(http))
        return self.people[name]

    async def struck(self, number: int, step: Step, at_request: int) -> None:
        """Plays a step in whose midst everything dies, and returns when all is up again. Everyone has a fresh token before."""
        assert self.calamity is not None
        for person in self.people.values():
            await person.sign_in()
        self.calamity.arm(at_request)
        await self.play(number, step)
        if at_request:
            assert self.calamity.strike is not None, f"{step.__name__} made fewer than {at_request} requests"
            await self.calamity.strike


class PatientBrowser(Browser):
    """A window that connects anew, and says how far it had heard."""

    async def page(self, path: str) -> str:
        """The page's HTML, as soon as the portal answers."""
        for _ in range(int(LONGEST)):
            with suppress(httpx.TransportError):
                if (answer := await self.http.get(path)).status_code == 200:
                    return answer.text
            await asyncio.sleep(1)
        return await super().page(path)

    async def listen(self) -> None:
        """Keeps the live stream open until it is cancelled, as an EventSource does."""
        last: dict[str, str] = {}
        while True:
            with suppress(httpx.HTTPError):
                async with self.http.stream("GET", "/live", timeout=None, headers=last) as stream:
                    if stream.status_code == 200:
                        self.connected.set()
                        async for line in stream.aiter_lines():
                            if line.startswith("id:"):
                                last["Last-Event-ID"] = line.removeprefix("id:").strip()
                            if line.startswith("event:"):
                                self.heard.append(line.removeprefix("event:").strip())
            await asyncio.sleep(0.5)
