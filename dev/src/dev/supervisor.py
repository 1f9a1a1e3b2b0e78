"""Keeps the stack's processes alive: starts them, knows when they are ready, starts again what dies, stops all in order."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from dev import state as states
from dev.processes import Handle, StartError, answers, last_lines, launch
from dev.readiness import lacking
from dev.stack import Stack
from dev.steps import say

_GRACE = 20.0
_LONGEST_PAUSE = 15.0
_STEADY = 30.0
_PATIENCE = 240.0


@dataclass(frozen=True)
class Spec:
    """A process to keep alive. `prepare` runs before each start; `missing` says what it still lacks, nothing once it is ready."""

    name: str
    argv: list[str]
    env: dict[str, str]
    missing: Callable[[], str]
    stop_signal: int = signal.SIGTERM
    prepare: Callable[[], None] = lambda: None


@dataclass
class _Child:
    spec: Spec
    process: subprocess.Popen[bytes]
    since: float = field(default_factory=time.monotonic)
    failures: int = 0
    wanted: bool = True


def ready_over_http(port: int, path: str = "/readyz") -> Callable[[], str]:
    """Asks the process itself; one that is not ready may name what it lacks in its answer."""

    def missing() -> str:
        lacks = lacking(port, path)
        return "does not answer yet" if lacks is None else "; ".join(f"{name} {what}" for name, what in lacks.items())

    return missing


def ready_by_port(port: int) -> Callable[[], str]:
    return lambda: "" if answers(port) else "does not answer yet"


def _told(reasons: dict[str, str]) -> str:
    """One or two processes with what they lack; of more, what the first one lacks."""
    if len(reasons) <= 2:
        return "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    name, reason = next(iter(reasons.items()))
    return f"waiting for {', '.join(reasons)} ({name}: {reason})"


class Supervisor:
    """The processes of one stack, and its state file, which always names those that run."""

    def __init__(self, stack: Stack, state: states.State) -> None:
        self._stack = stack
        self._state = state
        self._children: dict[str, _Child] = {}
        self._stopping = False

    def log(self, name: str) -> Path:
        return self._stack.log(name)

    async def start(self, spec: Spec) -> None:
        """Starts a process that is to run until `stop`."""
        await asyncio.to_thread(spec.prepare)
        if not self._stopping:
            self._children[spec.name] = _Child(spec, self._launch(spec))

    def _launch(self, spec: Spec) -> subprocess.Popen[bytes]:
        process = launch(spec.argv, log=self.log(spec.name), env=spec.env)
        self._state.processes[spec.name] = Handle.of(process.pid)
        states.write(self._stack, self._state)
        return process

    async def until_ready(self, *names: str) -> None:
        """Returns when all of them answer; says every few seconds for which it waits; raises StartError when patience ends."""
        begun = spoken = time.monotonic()
        waiting = list(names)
        while waiting:
            lacks = await asyncio.gather(*(asyncio.to_thread(self._children[name].spec.missing) for name in waiting))
            reasons = {name: lack for name, lack in zip(waiting, lacks, strict=True) if lack}
            for name, reason in reasons.items():
                if self._children[name].failures >= 3 or time.monotonic() - begun > _PATIENCE:
                    raise StartError(
                        f"{name} does not get ready ({reason}). Its last lines ({self.log(name)}):\n{last_lines(self.log(name))}"
                    )
            if reasons and time.monotonic() - spoken > 5:
                spoken = time.monotonic()
                say(_told(reasons))
            waiting = list(reasons)
            await asyncio.sleep(0.05)

    async def watch(self) -> None:
        """Starts again what dies, after a pause that grows while it keeps dying. Runs until cancelled."""
        again: set[asyncio.Task[None]] = set()
        try:
            while True:
                for child in list(self._children.values()):
                    code = child.process.poll()
                    if code is not None and child.wanted and child.spec.name in self._state.processes:
                        del self._state.processes[child.spec.name]
                        again.add(asyncio.create_task(self._revive(child, code)))
                again = {task for task in again if not task.done()}
                await asyncio.sleep(0.1)
        finally:
            for task in again:
                task.cancel()

    async def _revive(self, child: _Child, code: int) -> None:
        name = child.spec.name
        child.failures = child.failures + 1 if time.monotonic() - child.since < _STEADY else 1
        pause = min(0.25 * 2 ** (child.failures - 1), _LONGEST_PAUSE)
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        say(f"{name} {how} ({self.log(name)}); starting it again in {pause:g} s")
        await asyncio.sleep(pause)
        await asyncio.to_thread(child.spec.prepare)
        if child.wanted:
            child.process, child.since = self._launch(child.spec), time.monotonic()

    async def leave(self, names: Iterable[str]) -> None:
        """Stops these for good, while the others run on: asks, waits 20 s, kills. They are not started again."""
        leaving = [self._children[name] for name in names]
        for child in leaving:
            child.wanted = False
        await asyncio.gather(*(asyncio.to_thread(self._stop_one, child) for child in leaving))
        for child in leaving:
            del self._children[child.spec.name]
        states.write(self._stack, self._state)

    async def stop(self, *groups: Iterable[str]) -> None:
        """Stops what runs, group after group: asks, waits 20 s, kills."""
        self._stopping = True
        for names in groups:
            await asyncio.gather(*(asyncio.to_thread(self._stop_one, self._children[name]) for name in names if name in self._children))

    def _stop_one(self, child: _Child) -> None:
        if child.process.poll() is None:
            child.process.send_signal(child.spec.stop_signal)
            try:
                child.process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                say(f"{child.spec.name} did not stop within {_GRACE:.0f} s: killed")
                child.process.kill()
                child.process.wait()
        self._state.processes.pop(child.spec.name, None)

    @property
    def names(self) -> list[str]:
        return list(self._children)
