"""A pytest plugin: the whole stack, as processes or in containers, in a folder and on ports that nothing else uses.

`pytest_plugins = ["dev.live"]` gives the session fixture `live`. With CHAIRSIDE_CONTAINERS set, stacks run in containers.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Protocol

import pytest

from dev.live_containers import Containers
from dev.live_processes import Processes
from dev.processes import Handle
from dev.stack import Stack, this_stack


class Live(Protocol):
    """A stack under test, whatever it runs on. Every door is that of a user: the gateway's address, the command line, and signals.

    Its folder `stack.home` holds `secrets.json`, `outbox` (the mails) and `traces`; its ports are those of `stack`.
    """

    @property
    def stack(self) -> Stack: ...

    @property
    def url(self) -> str:
        """The gateway's address."""

    @property
    def env(self) -> dict[str, str]:
        """What a child process needs to find this stack."""

    def run(self, *arguments: str, seconds: float = 600) -> CompletedProcess[str]:
        """`./chairside ARGUMENTS` on this stack: a service's name and one of its commands."""

    def up(self, *arguments: str) -> str:
        """Starts all and returns when it is ready, with what was said; fails with that if it does not start."""

    def down(self) -> None:
        """Stops all in order; the data stays."""

    def remove(self) -> None:
        """Stops all and removes what is kept outside of `stack.home`."""

    def processes(self) -> Mapping[str, Handle]:
        """The main process of each part that runs, by name (`compliance`, `postgres`, `kafka`, `gateway`, ...)."""

    def photos(self, entry_id: str) -> list[str]:
        """The names of the files that skills keeps of one of its entries."""

    def ready(self, name: str) -> bool:
        """Whether the part does its work, as it says itself."""

    def lacking(self, service: str) -> dict[str, str] | None:
        """What a service says at `/readyz` that it lacks; None while it does not answer."""

    def scale_workers(self, count: int) -> None:
        """As an operator scales milady-sync's workers while everything runs: returns when so many are ready, and no more are there."""

    def kill(self, name: str) -> Handle:
        """SIGKILL to a part, which is then started again by whoever keeps it alive. Gives the process that died."""

    def kill_everything(self) -> None:
        """SIGKILL to all at once, as when the power fails; nothing is started again before `up`."""

    def away(self, name: str) -> AbstractContextManager[None]:
        """The part is dead until the end of the block, and nobody starts it again before."""

    def paused(self, name: str) -> AbstractContextManager[None]:
        """All of the part's processes stand still until the end of the block."""

    def another(self, service: str) -> AbstractContextManager[None]:
        """One more process of the service until the end of the block, with its consumers alone: its group grows and shrinks."""

    def without_kafka(self) -> AbstractContextManager[None]:
        """Everything stops and starts again, but for Kafka, which comes at the end of the block."""


def this_live() -> Live:
    """The running stack that CHAIRSIDE_HOME and CHAIRSIDE_PORT_BASE name."""
    return live_at(this_stack())


def live_at(stack: Stack) -> Live:
    """The hold on a stack that runs, or is to run, in its folder and on its ports."""
    return Containers(stack) if os.environ.get("CHAIRSIDE_CONTAINERS") else Processes(stack)


def free_base() -> int:
    """A first port from which on a whole stack finds its ports free."""
    for base in range(20_000 + os.getpid() % 100 * 100, 60_000, 100):
        if all(_free(port) for port in range(base, base + 60)):
            return base
    raise RuntimeError("no sixty ports in a row are free on this machine")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def temporary_stack(*arguments: str) -> Iterator[Live]:
    """A stack in a folder of its own, started with these arguments of `up`; stopped and removed at the end."""
    live = live_at(Stack(Path(tempfile.mkdtemp(prefix="chairside-")).resolve(), free_base()))
    try:
        live.up(*arguments)
        yield live
    finally:
        if os.environ.get("CHAIRSIDE_KEEP") is None:
            live.remove()
            shutil.rmtree(live.stack.home, ignore_errors=True)
        else:
            live.down()


@pytest.fixture(scope="session")
def live() -> Iterator[Live]:
    """A running stack: the one that CHAIRSIDE_URL and CHAIRSIDE_HOME name, or one of this session's own."""
    if os.environ.get("CHAIRSIDE_URL"):
        yield this_live()
        return
    with temporary_stack() as started:
        yield started
