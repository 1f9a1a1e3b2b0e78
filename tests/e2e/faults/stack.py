"""A stack whose every part can be broken: its services are the patched build, and reach PostgreSQL and Kafka by a proxy."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from dev.live import Live, free_base, live_at
from dev.proxy import tell
from dev.stack import Stack

HERE = Path(__file__).parent
PATCHED = HERE / "patched"
ROOT = HERE.parents[2]


@dataclass(frozen=True)
class Breakable:
    """The stack, and the folder in which places to die are armed."""

    live: Live
    folder: Path

    def arm(self, service: str, place: str) -> None:
        """The service dies, once, when it next comes to the place (`relay`, `consumer`)."""
        (self.folder / f"{service}.{place}").touch()

    def armed(self, service: str, place: str) -> bool:
        """Whether it has not come there yet."""
        return (self.folder / f"{service}.{place}").exists()

    def disarm(self, service: str, place: str) -> None:
        (self.folder / f"{service}.{place}").unlink(missing_ok=True)

    def proxy(self, line: str) -> None:
        """Tells the proxy what to do (`dev.proxy`)."""
        tell(self.live.stack.port("proxy"), line)


@contextmanager
def breakable(without: str = "") -> Iterator[Breakable]:
    """A stack of its own for as long as the block runs. `without`: a guard that its services do not have."""
    folder = Path(tempfile.mkdtemp(prefix="chairside-faults-"))
    folder.chmod(0o777)
    in_containers = bool(os.environ.get("CHAIRSIDE_CONTAINERS"))
    settings = {"CHAIRSIDE_FAULTS": str(folder), "CHAIRSIDE_WITHOUT": without}
    settings |= _FOR_CONTAINERS if in_containers else {"CHAIRSIDE_PROXIED": "1", "PYTHONPATH": str(PATCHED)}
    if in_containers:
        _bring_time_machine(folder / "lib")
    stack = Stack(Path(tempfile.mkdtemp(prefix="chairside-")).resolve(), free_base())
    with patch.dict(os.environ, settings):
        live = live_at(stack)
        proxy = None if in_containers else _start_proxy(stack)
        try:
            live.up()
            yield Breakable(live, folder)
        finally:
            if os.environ.get("CHAIRSIDE_KEEP") is None:
                live.remove()
                shutil.rmtree(stack.home, ignore_errors=True)
            if proxy:
                proxy.kill()
            shutil.rmtree(folder, ignore_errors=True)


_FOR_CONTAINERS = {"CHAIRSIDE_OVERLAYS": str((HERE / "compose.yml").relative_to(ROOT)), "CHAIRSIDE_DATABASE_HOST": "proxy:5432"}


def _bring_time_machine(folder: Path) -> None:
    """The library that moves a clock, for the Python of the images, by the pins of this clone: no image has it."""
    pins = (ROOT / "requirements" / "test.txt").read_text()
    wanted = folder.parent / "time-machine.txt"
    pin = re.search(r"^time-machine==(?:.*\\\n)*.*\n", pins, re.MULTILINE)
    assert pin, "no pin of time-machine"
    wanted.write_text(pin[0])
    uv = [str(Path(sys.prefix) / "bin" / "uv"), "pip", "install", "--quiet", "--target", str(folder), "--python-version", "3.13"]
    subprocess.run([*uv, "--only-binary", ":all:", "--require-hashes", "--no-deps", "-r", str(wanted)], check=True)


def _start_proxy(stack: Stack) -> "subprocess.Popen[bytes]":
    routes = {"postgres-proxied": "postgres", "kafka-proxied": "kafka-for-proxy"}
    told = ",".join(f"{stack.port(near)}=127.0.0.1:{stack.port(far)}" for near, far in routes.items())
    env = {**os.environ, "CHAIRSIDE_PORT": str(stack.port("proxy")), "CHAIRSIDE_PROXY_ROUTES": told}
    return subprocess.Popen([sys.executable, "-m", "dev.proxy"], env=env)
