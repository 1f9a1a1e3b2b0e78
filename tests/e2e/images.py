"""Images and containers as Docker's engine describes them, and single containers beside a running stack."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.live_containers import Containers
from dev.stack import SERVICES

BASE = "python:3.13-slim"
IMAGES = {**{service.name: f"chairside/{service.name}:dev" for service in SERVICES}, "tools": "chairside/tools:dev"}
PYTHON = "/app/venv/lib/python3.13/site-packages"


def docker(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """`docker ARGUMENTS`. Fails with what it said."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0 or not check, f"docker {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
    return done


def inspect(name: str) -> dict[str, Any]:
    """What the engine knows of an image or a container."""
    found: list[dict[str, Any]] = json.loads(docker("inspect", name).stdout)
    return found[0]


def container_of(live: Containers, service: str) -> dict[str, Any]:
    """The first container of a service of the stack."""
    return inspect(live.docker("ps", "-q", service).stdout.split()[0])


def layered(image: str, tag: str, folder: Path, **files: Path) -> None:
    """Builds `image:tag` as `image:dev` with files laid over it: a path in the image by its name in the folder's context."""
    lines = [f"FROM {image}:dev", "USER root"]
    for name, place in files.items():
        lines.append(f"COPY {name} {place}")
    (folder / "Dockerfile").write_text("\n".join([*lines, "USER 10001:10001"]) + "\n")
    env = {**os.environ, "DOCKER_BUILDKIT": "0"}
    build = ["docker", "build", "--quiet", "--tag", f"{image}:{tag}", str(folder)]
    done = subprocess.run(build, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Beside:
    """One more container of a service, which answers nobody but the test."""

    name: str

    @property
    def state(self) -> dict[str, Any]:
        return dict(inspect(self.name)["State"])

    @property
    def restarts(self) -> int:
        return int(inspect(self.name)["RestartCount"])

    def said(self) -> str:
        """All that it wrote."""
        logs = docker("logs", self.name)
        return logs.stdout + logs.stderr

    def lacks(self) -> str:
        """What its health check says by now; empty once it is ready."""
        done = docker("exec", self.name, "python", "-IS", "/app/healthcheck.py", check=False)
        return "" if done.returncode == 0 else done.stdout


@contextmanager
def beside(live: Containers, service: str, *options: str, image: str = "", **settings: str) -> Iterator[Beside]:
    """A container with the settings, secrets and networks of the service's own, but for what `options` and `settings` change."""
    known = container_of(live, service)
    env = {**dict(pair.split("=", 1) for pair in known["Config"]["Env"]), "CHAIRSIDE_TRACES": "", **settings}
    changed = [option.split(":")[1] for option in options if ":/" in option]
    mounts = [f"{one['Source']}:{one['Destination']}:ro" for one in known["Mounts"] if one["Destination"].startswith("/run/secrets")]
    arguments = [part for name, value in env.items() for part in ("--env", f"{name}={value}")]
    arguments += [part for mount in mounts if mount.split(":")[1] not in changed for part in ("--volume", mount)]
    network = next(iter(known["NetworkSettings"]["Networks"]))
    name = f"{live.stack.home.name}-beside-{service}"
    docker("run", "--detach", "--name", name, "--network", network, "--read-only", "--tmpfs", "/tmp", "--restart", "unless-stopped",
           *arguments, *options, image or known["Config"]["Image"], "serve")  # fmt: skip
    try:
        yield Beside(name)
    finally:
        docker("rm", "--force", "--volumes", name)
