"""What changed, told to open pages within milliseconds: PostgreSQL notifies this process, and each stream asks what concerns its reader."""

import asyncio
import json
import signal
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import asyncpg
import structlog

from portal.projections import CHANNEL

log = structlog.get_logger()
GROUPS = ("alerts", "audit", "courses", "hours", "messages", "partners", "people", "skills", "syncs")
"""Kinds of rows that pages show; the names of the server-sent events."""
REMEMBERED = 1000
RECONNECT_AFTER = 1.0


@dataclass
class Changed:
    """Groups in which something changed, each with the people whom it concerns (None: everyone)."""

    people: dict[str, set[str] | None] = field(default_factory=dict)

    def add(self, group: str, people: set[str] | None) -> None:
        """Takes note of one more change."""
        known = self.people.get(group, set())
        self.people[group] = None if people is None or known is None else known | people


EVERYTHING = Changed(dict.fromkeys(GROUPS))


class Live:
    """The changes that this process heard of, in order. A page's `token` names how far it had heard when the page was read.

    PostgreSQL notifies after the commit, so whoever reads the tables after the token sees at least what the token covers;
    what comes later, or is not remembered any more, is told when the page connects.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.run_id = uuid4().hex[:12]
        self.position = 0
        self.closing = False
        self._recent: deque[tuple[int, str, set[str] | None]] = deque(maxlen=REMEMBERED)
        self._news = asyncio.Event()

    @property
    def token(self) -> str:
        """How far this process has heard."""
        return f"{self.run_id}-{self.position}"

    async def run(self) -> None:
        """Listens until it is cancelled; what may have been missed while there was no connection counts as a change of everything."""
        while True:
            try:
                await self._listen()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("live updates wait for the database", because=repr(error), retry_in_seconds=RECONNECT_AFTER)
            await asyncio.sleep(RECONNECT_AFTER)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(self.url, timeout=5, server_settings={"application_name": "chairside-portal-live"})
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(CHANNEL, self._heard)
            for group in GROUPS:
                self._note(group, None)
            await lost.wait()
        finally:
            await connection.close(timeout=2)

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        for group, people in json.loads(str(payload)).items():
            self._note(group, None if people is None else set(people))

    def _note(self, group: str, people: set[str] | None) -> None:
        self.position += 1
        self._recent.append((self.position, group, people))
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def since(self, token: str) -> Changed:
        """What changed after the page's token; everything where this process cannot tell."""
        run_id, _, told = token.partition("-")
        position = int(told) if told.isdecimal() else -1
        oldest = self._recent[0][0] if self._recent else self.position + 1
        if run_id != self.run_id or not oldest - 1 <= position <= self.position:
            return EVERYTHING
        changed = Changed()
        for number, group, people in self._recent:
            if number > position:
                changed.add(group, people)
        return changed

    async def wait(self, token: str, seconds: float) -> None:
        """Returns when there is more than the token covers, at the end of `seconds`, or when the process closes."""
        if self.closing or token != self.token:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    def close(self) -> None:
        """Ends all streams."""
        self.closing = True
        self._wake()


@contextmanager
def closed_by_signals(live: Live) -> Iterator[None]:
    """Ends the streams as soon as the process is asked to stop: the server waits for open answers, and a stream never ends by itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def stop(number: int, frame: Any) -> None:
        loop.call_soon_threadsafe(live.close)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@asynccontextmanager
async def listening(live: Live) -> AsyncIterator[Live]:
    """Listens until the end of the block."""
    task = asyncio.create_task(live.run(), name="live")
    with closed_by_signals(live):
        try:
            yield live
        finally:
            live.close()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
