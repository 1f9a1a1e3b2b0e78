"""What must hold before a stack starts; each failure is a sentence that says what to do."""

import shutil
import socket

import psutil

from dev import kafka, postgres
from dev.processes import StartError
from dev.stack import Stack

_NEEDED_BYTES = 1 << 30


def check(stack: Stack) -> None:
    """Raises StartError for the first thing that would keep the stack from running."""
    postgres.binaries()
    kafka.java()
    _disk(stack)
    _ports(stack)


def _disk(stack: Stack) -> None:
    free = shutil.disk_usage(stack.home).free
    if free < _NEEDED_BYTES:
        raise StartError(
            f"Only {free >> 20} MiB are free where {stack.home} lies, of 1024 that Chairside needs. "
            "Free some, or set CHAIRSIDE_HOME to a folder elsewhere."
        )


def _ports(stack: Stack) -> None:
    taken = [(name, port) for name, port in stack.ports.items() if _in_use(port)]
    if taken:
        which = "; ".join(f"{port} ({name}) by {_holder(port)}" for name, port in taken)
        raise StartError(
            f"In use already: port {which}. Stop that, or set CHAIRSIDE_PORT_BASE to another first port, e.g. {stack.base + 1000}."
        )


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _holder(port: int) -> str:
    try:
        pids = [one.pid for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN and one.laddr.port == port]
        process = psutil.Process(next(pid for pid in pids if pid))
        return f"process {process.pid} ({' '.join(process.cmdline())[:80] or process.name()})"
    except (psutil.Error, StopIteration):
        return "a process that this user may not see"
