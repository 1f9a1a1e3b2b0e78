"""Starting, finding and stopping operating-system processes, without ever touching one that is not ours."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_LOG_LIMIT = 32 << 20


class StartError(Exception):
    """Something of the local stack cannot run; the message is a sentence that says what to do."""


@dataclass(frozen=True)
class Handle:
    """A process told apart from any later one of the same number by the moment it started."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "Handle":
        return cls(pid, psutil.Process(pid).create_time())

    def alive(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            return bool(abs(process.create_time() - self.started) < 0.05 and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    def send(self, sig: int) -> None:
        """Sends a signal if the process is still the one meant; nothing otherwise."""
        if self.alive():
            os.kill(self.pid, sig)


def launch(argv: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """Starts a process in a session of its own (a Ctrl-C in the terminal does not reach it).

    Its output is appended to `log`; a log that has grown over 32 MiB is put aside first.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as out:
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd=cwd, start_new_session=True)


def stop(process: subprocess.Popen[bytes], *, sig: int = signal.SIGTERM, seconds: float = 20) -> bool:
    """Asks a child to end and waits; after `seconds` it is killed. Gives whether it ended by itself."""
    if process.poll() is None:
        process.send_signal(sig)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether something accepts connections on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def last_lines(log: Path, count: int = 15) -> str:
    if not log.exists():
        return "(no output)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])


def wait_for(name: str, process: subprocess.Popen[bytes], ready: Callable[[], bool], *, log: Path, seconds: float = 180) -> None:
    """Returns when `ready()` holds; raises StartError with the last log lines if the process ends or time runs out."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise StartError(f"{name} ended with code {process.returncode}. Its last lines ({log}):\n{last_lines(log)}")
        if time.monotonic() > deadline:
            raise StartError(f"{name} was not ready within {seconds:.0f} s. Its last lines ({log}):\n{last_lines(log)}")
        time.sleep(0.02)
