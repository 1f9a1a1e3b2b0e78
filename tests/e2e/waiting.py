"""Breaking the stack on purpose, and waiting until it is whole again."""

import time
from collections.abc import Callable

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


def all_ready(live: Live) -> None:
    """Returns when every service says that it does its work."""
    until("all services being ready", lambda: all(live.ready(name) for name in EVERY_SERVICE))
