"""A stack under test that runs as processes of this machine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

from dev import postgres
from dev import state as states
from dev.processes import Handle, answers, free_port, launch, stop
from dev.readiness import lacking
from dev.stack import SERVICES, Stack, marked, service_settings

_PATIENCE = 300.0


@dataclass(frozen=True)
class Processes:
    """The methods are described at `dev.live.Live`."""

    stack: Stack

    @property
    def url(self) -> str:
        return self.stack.url

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "CHAIRSIDE_HOME": str(self.stack.home), "CHAIRSIDE_PORT_BASE": str(self.stack.base)}

    def run(self, *arguments: str, seconds: float = 600) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "dev", *arguments]
        return subprocess.run(argv, env=self.env, capture_output=True, text=True, timeout=seconds, check=False)

    def up(self, *arguments: str) -> str:
        done = self.run("up", "--detach", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def down(self) -> None:
        self.run("down")

    def remove(self) -> None:
        self.down()

    def processes(self) -> Mapping[str, Handle]:
        state = states.running(self.stack)
        return state.processes if state else {}

    def photos(self, entry_id: str) -> list[str]:
        return [file.name for file in (self.stack.home / "storage" / "skills" / "entries" / entry_id).glob("*")]

    def ready(self, name: str) -> bool:
        if name == "postgres":
            return postgres.is_ready(self.stack.home / "postgres") and answers(self.stack.port(name))
        if name in ("kafka", "sandbox"):
            return answers(self.stack.port(name))
        return lacking(self.stack.port(name), "/gateway/livez" if name == "gateway" else "/readyz") == {}

    def lacking(self, service: str) -> dict[str, str] | None:
        return lacking(self.stack.port(service))

    def scale_workers(self, count: int) -> None:
        done = self.run("scale", f"milady-sync={count}")
        assert done.returncode == 0, done.stdout + done.stderr

    def kill(self, name: str) -> Handle:
        handle = self.processes()[name]
        handle.send(signal.SIGKILL)
        return handle

    def kill_everything(self) -> None:
        state = self._state()
        everyone = (state.supervisor, *state.processes.values())
        for handle in everyone:
            handle.send(signal.SIGKILL)
        _until("the end of all", lambda: not any(handle.alive() for handle in everyone))

    @contextmanager
    def away(self, name: str) -> Iterator[None]:
        supervisor = self._state().supervisor
        supervisor.send(signal.SIGSTOP)
        try:
            killed = self.kill(name)
            _until(f"the end of {name}", lambda: not killed.alive())
            yield
        finally:
            supervisor.send(signal.SIGCONT)
            _until(f"another {name}", lambda: self.processes().get(name, killed) != killed)
            _until(f"{name} being ready again", lambda: self.ready(name))

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        with standing_still(self.processes()[name]):
            yield

    @contextmanager
    def another(self, service: str) -> Iterator[None]:
        known, port = next(one for one in SERVICES if one.name == service), free_port()
        env = marked(self.stack, f"{service}-another", **service_settings(self.stack, known, port))
        argv = [sys.executable, "-m", known.module, "serve", "--only", "consumers"]
        process = launch(argv, log=self.stack.log(f"{service}-another"), env=env)
        try:
            _until(f"another {service} being ready", lambda: process.poll() is not None or lacking(port) == {})
            assert process.poll() is None, f"another {service} ended with {process.returncode}"
            yield
        finally:
            stop(process)

    @contextmanager
    def without_kafka(self) -> Iterator[None]:
        self.down()
        with (self.stack.home / "up-without-kafka.log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "dev", "up"], env=self.env, stdout=log, stderr=log, start_new_session=True)
        _until("Kafka's process", lambda: process.poll() is not None or "kafka" in self.processes())
        kafka = self.processes()["kafka"]
        kafka.send(signal.SIGSTOP)
        assert not answers(self.stack.port("kafka")), "Kafka was quicker than this test"
        try:
            yield
        finally:
            kafka.send(signal.SIGCONT)
            _until("the stack being ready", lambda: (state := states.running(self.stack)) is not None and state.ready)

    def _state(self) -> states.State:
        state = states.running(self.stack)
        assert state is not None, "the stack does not run"
        return state


@contextmanager
def standing_still(main: Handle) -> Iterator[None]:
    """The process and all that it started stand still (SIGSTOP) until the end of the block."""
    parent = psutil.Process(main.pid)
    parent.send_signal(signal.SIGSTOP)
    everyone = [parent, *parent.children(recursive=True)]
    _signal(everyone, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(everyone, signal.SIGCONT)


def _signal(processes: list[psutil.Process], number: int) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _until(what: str, holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come to be within {_PATIENCE:.0f} s"
        time.sleep(0.05)
