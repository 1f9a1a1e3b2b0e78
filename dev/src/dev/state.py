"""What is known of the running stack: one file that the supervisor writes, and the lock that it holds as long as it lives."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

import psutil

from dev.processes import Handle, StartError
from dev.stack import PROCESS_MARK, STACK_MARK, Stack


@dataclass
class State:
    """The supervisor and the processes of a stack; `ready` once all of them answered."""

    base: int
    supervisor: Handle
    ready: bool = False
    started: float = field(default_factory=time.time)
    processes: dict[str, Handle] = field(default_factory=dict)


def write(stack: Stack, state: State) -> None:
    beside = stack.home / "state.json.new"
    beside.write_text(json.dumps(asdict(state), indent=1))
    beside.replace(stack.home / "state.json")


def read(stack: Stack) -> State | None:
    file = stack.home / "state.json"
    if not file.exists():
        return None
    known = json.loads(file.read_text())
    handles = {name: Handle(**handle) for name, handle in known["processes"].items()}
    return State(**{**known, "supervisor": Handle(**known["supervisor"]), "processes": handles})


def running(stack: Stack) -> State | None:
    """The state of a stack whose supervisor lives; None if it does not run."""
    state = read(stack)
    return state if state and state.supervisor.alive() else None


@contextmanager
def held(stack: Stack) -> Iterator[None]:
    """The right to run this stack. The lock ends with its holder, however that dies; a second holder is told where the first is."""
    stack.home.mkdir(parents=True, exist_ok=True)
    with (stack.home / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            first = running(stack)
            where = f"http://127.0.0.1:{first.base} (process {first.supervisor.pid})" if first else "and is just starting or stopping"
            raise StartError(f"Chairside already runs in {stack.home}: {where}. `./chairside down` stops it.") from None
        yield


def left_behind(stack: Stack) -> dict[int, str]:
    """Numbers and names of processes of this stack that outlived their supervisor; children of others of them are left out."""
    found: dict[int, tuple[str, int]] = {}
    for process in psutil.process_iter():
        try:
            marks = process.environ()
            if marks.get(STACK_MARK) == str(stack.home) and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found[process.pid] = (marks.get(PROCESS_MARK, "?"), process.ppid())
        except psutil.Error:
            continue
    return {pid: name for pid, (name, parent) in found.items() if parent not in found}


def stop_left_behind(stack: Stack, seconds: float = 20) -> list[str]:
    """Ends what a killed supervisor left: services first, the servers that they lean on last. Gives the names."""
    orphans = left_behind(stack)
    servers = {pid: name for pid, name in orphans.items() if name in ("postgres", "kafka")}
    for group in (orphans.keys() - servers.keys(), servers.keys()):
        processes = [psutil.Process(pid) for pid in group if psutil.pid_exists(pid)]
        for process in processes:
            Handle.of(process.pid).send(signal.SIGINT if orphans[process.pid] == "postgres" else signal.SIGTERM)
        for stubborn in psutil.wait_procs(processes, timeout=seconds)[1]:
            stubborn.kill()
    return sorted(orphans.values())
