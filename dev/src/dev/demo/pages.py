"""The portal as a browser sees it: signed in by the form, with a live stream open."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from dev import loopback
from dev.demo.stage import PATIENCE, Person, Stage, check


@dataclass
class Browser:
    """One person's window. `heard` collects the names of the live events that came."""

    http: httpx.AsyncClient
    heard: list[str] = field(default_factory=list)
    connected: asyncio.Event = field(default_factory=asyncio.Event)

    async def page(self, path: str) -> str:
        """The page's HTML. Raises StoryError when it is not there."""
        answer = await self.http.get(path)
        check(answer.status_code == 200, f"the page {path} answered {answer.status_code}")
        return answer.text

    async def listen(self) -> None:
        """Keeps the live stream open until it is cancelled."""
        with suppress(httpx.HTTPError):
            async with self.http.stream("GET", "/live", timeout=None) as stream:
                check(stream.status_code == 200, f"/live answered {stream.status_code}")
                self.connected.set()
                async for line in stream.aiter_lines():
                    if line.startswith("event:"):
                        self.heard.append(line.removeprefix("event:").strip())


async def open_browser(stage: Stage, person: Person) -> Browser:
    """Signs in by the form of `/sign-in`, as a browser would, and opens the live stream."""
    origin = {"Origin": stage.stack.url}
    http = await stage.exits.enter_async_context(loopback.client(stage.stack.url, headers=origin, follow_redirects=True, timeout=30))
    answer = await http.post("/sign-in", data={"email": person.email, "password": person.password})
    check(
        answer.status_code == 200 and "/sign-in" not in str(answer.url),
        f"{person.name} could not sign in at the portal: {answer.status_code}",
    )
    browser = Browser(http)
    listening = asyncio.create_task(browser.listen())
    stage.exits.callback(listening.cancel)
    await asyncio.wait_for(browser.connected.wait(), PATIENCE)
    return browser
