"""A pytest plugin: the whole stack, as processes of their own, in a folder and on ports that nothing else uses.

`pytest_plugins = ["dev.live"]` gives the session fixture `live`.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dev import state as states
from dev.processes import Handle
from dev.stack import Stack, this_stack


@dataclass(frozen=True)
class Live:
    """A stack under test. Every door is that of a user: the gateway's address, the command line, and signals."""

    stack: Stack

    @property
    def url(self) -> str:
        return self.stack.url

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "CHAIRSIDE_HOME": str(self.stack.home), "CHAIRSIDE_PORT_BASE": str(self.stack.base)}

    def run(self, *arguments: str, seconds: float = 600) -> subprocess.CompletedProcess[str]:
        """`./chairside ARGUMENTS` on this stack."""
        argv = [sys.executable, "-m", "dev", *arguments]
        return subprocess.run(argv, env=self.env, capture_output=True, text=True, timeout=seconds, check=False)

    def up(self, *arguments: str) -> str:
        """Starts it and returns when it is ready, with what it said; fails with that if it does not start."""
        done = self.run("up", "--detach", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def down(self) -> None:
        self.run("down")

    def processes(self) -> Mapping[str, Handle]:
        """The processes that run, by name (`compliance`, `postgres`, `kafka`, `gateway`, ...)."""
        state = states.running(self.stack)
        return state.processes if state else {}

    def kill(self, name: str) -> Handle:
        """Kills a process with SIGKILL; the supervisor starts it again. Gives the one that died."""
        handle = self.processes()[name]
        handle.send(signal.SIGKILL)
        return handle

    def kill_everything(self) -> None:
        """SIGKILL to the supervisor first, then to all that it watched."""
        state = states.running(self.stack)
        assert state is not None, "it does not run"
        for handle in (state.supervisor, *state.processes.values()):
            handle.send(signal.SIGKILL)
        while any(handle.alive() for handle in (state.supervisor, *state.processes.values())):
            time.sleep(0.02)


def free_base() -> int:
    """A first port from which on a whole stack finds its ports free."""
    for base in range(20_000 + os.getpid() % 100 * 100, 60_000, 100):
        if all(_free(port) for port in range(base, base + 50)):
            return base
    raise RuntimeError("no fifty ports in a row are free on this machine")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def temporary_stack(*arguments: str) -> Iterator[Live]:
    """A stack in a folder of its own, started with these arguments of `up`; stopped and removed at the end."""
    live = Live(Stack(Path(tempfile.mkdtemp(prefix="chairside-")).resolve(), free_base()))
    try:
        live.up(*arguments)
        yield live
    finally:
        live.down()
        if os.environ.get("CHAIRSIDE_KEEP") is None:
            shutil.rmtree(live.stack.home, ignore_errors=True)


@pytest.fixture(scope="session")
def live() -> Iterator[Live]:
    """A running stack: the one that CHAIRSIDE_URL and CHAIRSIDE_HOME name, or one of this session's own."""
    if os.environ.get("CHAIRSIDE_URL"):
        yield Live(this_stack())
        return
    with temporary_stack() as started:
        yield started
