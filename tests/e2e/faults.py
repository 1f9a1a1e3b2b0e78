"""Breaking the stack on purpose: processes that die, and ones that nobody starts again."""

import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dev.live import Live
from dev.processes import answers
from dev.stack import SERVICES

from dev import postgres
from dev import state as states

PATIENCE = 300.0
EVERY_SERVICE = tuple(service.name for service in SERVICES)


def until(what: str, holds: Callable[[], object], patience: float = PATIENCE) -> None:
    """Returns as soon as it holds; fails when patience ends."""
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come to be within {patience:.0f} s"
        time.sleep(0.05)


def ready(live: Live, name: str) -> bool:
    """Whether the process does its work, as it says itself."""
    if name == "postgres":
        return postgres.is_ready(live.stack.home / "postgres") and answers(live.stack.port(name))
    if name == "kafka":
        return answers(live.stack.port(name))
    path = {"gateway": "/gateway/livez"}.get(name, "/readyz")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{live.stack.port(name)}{path}", timeout=60) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def kill(live: Live, name: str) -> None:
    """SIGKILL, and returns when the supervisor has another one running that is ready."""
    killed = live.kill(name)
    until(f"another {name}", lambda: live.processes().get(name, killed) != killed)
    until(f"{name} being ready again", lambda: ready(live, name))


def all_ready(live: Live) -> None:
    """Returns when every service says that it does its work."""
    until("all services being ready", lambda: all(ready(live, name) for name in EVERY_SERVICE))


@contextmanager
def away(live: Live, name: str) -> Iterator[None]:
    """The process is dead, and the supervisor, which sleeps meanwhile, starts it again only at the end of the block."""
    state = states.running(live.stack)
    assert state is not None, "the stack does not run"
    state.supervisor.send(signal.SIGSTOP)
    try:
        killed = live.kill(name)
        until(f"the end of {name}", lambda: not killed.alive())
        yield
    finally:
        state.supervisor.send(signal.SIGCONT)
        until(f"another {name}", lambda: live.processes().get(name, killed) != killed)
        until(f"{name} being ready again", lambda: ready(live, name))
