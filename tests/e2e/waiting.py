"""Breaking the stack on purpose, and waiting until it is whole again."""

import asyncio
import time
from collections.abc import Callable
from subprocess import CompletedProcess

from dev.live import Live
from dev.stack import SERVICES

PATIENCE = 300.0
EVERY_SERVICE = tuple(service.name for service in SERVICES)


def until(what: str, holds: Callable[[], object], patience: float = PATIENCE) -> None:
    """Returns as soon as it holds; fails when patience ends."""
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come to be within {patience:.0f} s"
        time.sleep(0.05)


def kill(live: Live, name: str) -> None:
    """SIGKILL, and returns when another one runs that is ready."""
    killed = live.kill(name)
    until(f"another {name}", lambda: live.processes().get(name, killed) != killed)
    until(f"{name} being ready again", lambda: live.ready(name))


async def told(live: Live, *command: str) -> dict[str, CompletedProcess[str]]:
    """What every service answered to the same command; two at a time, since each starts a process."""
    at_once = asyncio.Semaphore(2)

    async def one(service: str) -> CompletedProcess[str]:
        async with at_once:
            return await asyncio.to_thread(live.run, service, *command)

    return dict(zip(EVERY_SERVICE, await asyncio.gather(*map(one, EVERY_SERVICE)), strict=True))


def all_ready(live: Live) -> None:
    """Returns when every service says that it does its work."""
    until("all services being ready", lambda: all(live.ready(name) for name in EVERY_SERVICE))
