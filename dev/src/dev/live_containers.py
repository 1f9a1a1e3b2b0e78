"""A stack under test that runs in containers, by docker-compose.yml and its overlay for development."""

import functools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
from testcontainers.compose import DockerCompose

from dev import secret_files
from dev.live_processes import standing_still
from dev.paths import ROOT
from dev.processes import Handle
from dev.readiness import lacking
from dev.stack import SERVICES, Stack

FILES = ("docker-compose.yml", "docker-compose.override.yml")
_FOLDERS = ("outbox", "traces")
_PORTS = ("gateway", "proxy", "sandbox", "postgres", "kafka", *(service.name for service in SERVICES))
_PROBES = {
    "postgres": ("pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres"),
    "kafka": ("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9092"),
    "sandbox": ("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000"),
}
_PATIENCE = 120.0
WORKER = "milady-sync-worker"


@dataclass(frozen=True)
class Containers:
    """The methods are described at `dev.live.Live`. `files` are further overlays; CHAIRSIDE_OVERLAYS names them for child processes."""

    stack: Stack

    @property
    def url(self) -> str:
        return self.stack.url

    @property
    def env(self) -> dict[str, str]:
        here = {"CHAIRSIDE_HOME": str(self.stack.home), "CHAIRSIDE_PORT_BASE": str(self.stack.base), "CHAIRSIDE_CONTAINERS": "1"}
        return {**os.environ, **here}

    @functools.cached_property
    def compose(self) -> DockerCompose:
        """testcontainers' hold on the compose project."""
        overlays = [file for file in os.environ.get("CHAIRSIDE_OVERLAYS", "").split(":") if file]
        return DockerCompose(str(ROOT), [*FILES, *overlays], env_file=str(self.stack.home / "compose.env"), wait=True)

    def docker(self, *arguments: str, seconds: float = 600, check: bool = True, **settings: str) -> subprocess.CompletedProcess[str]:
        """`docker compose ARGUMENTS` on this stack, with `settings` over those of its file. Fails with what it said."""
        argv = [*self.compose.docker_compose_command(), *arguments]
        env = {**os.environ, **settings}
        done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=seconds, check=False)
        assert done.returncode == 0 or not check, f"docker compose {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
        return done

    def deploy(self, tags: Mapping[str, str]) -> None:
        """Replaces services by the images of these tags, and nothing else; returns when they are ready. Later commands know of it."""
        with (self.stack.home / "compose.env").open("a") as settings:
            for service, tag in tags.items():
                settings.write(f"CHAIRSIDE_TAG_{service.upper().replace('-', '_')}={tag}\n")
        self.docker("up", "--wait", "--no-deps", *tags, *((WORKER,) if "milady-sync" in tags else ()))

    def run(self, *arguments: str, seconds: float = 600) -> subprocess.CompletedProcess[str]:
        service, *command = arguments
        module = service.replace("-", "_")
        return self.docker("exec", "-T", service, "python", "-m", module, *command, seconds=seconds, check=False)

    def up(self, *arguments: str) -> str:
        self._prepare()
        done = self.docker("up", "--wait", *arguments, check=False)
        assert done.returncode == 0, f"{done.stderr.splitlines()[-1:]}\n{self._complaints()}"
        return done.stderr

    def _complaints(self) -> str:
        """The last lines of every container that does not do what it should."""
        listed = self.docker("ps", "--all", "--format", "{{.Service}} {{.Status}}", check=False).stdout.splitlines()
        wrong = [line.split()[0] for line in listed if "(healthy)" not in line and "Exited (0)" not in line]
        return "\n".join(self.docker("logs", "--no-log-prefix", "--tail", "15", name, check=False).stdout for name in wrong)

    def down(self) -> None:
        self.docker("stop", check=False)

    def remove(self) -> None:
        self.docker("down", "--volumes", "--timeout", "5", check=False)

    def processes(self) -> Mapping[str, Handle]:
        """Docker's engine must run on this very machine, and its processes be this user's to see and to kill."""
        ids = self.docker("ps", "-q").stdout.split()
        if not ids:
            return {}
        told = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, check=False)
        found = {}
        for one in json.loads(told.stdout):
            labels = one["Config"]["Labels"]
            number = labels["com.docker.compose.container-number"]
            name = labels["com.docker.compose.service"] + ("" if number == "1" else f"-{number}")
            if one["State"]["Pid"] and psutil.pid_exists(one["State"]["Pid"]):
                found[name] = Handle.of(one["State"]["Pid"])
        return found

    def photos(self, entry_id: str) -> list[str]:
        return self.docker("exec", "-T", "skills", "find", "/data", "-path", f"*/{entry_id}/*").stdout.split()

    def ready(self, name: str) -> bool:
        if name in _PROBES:
            return self.docker("exec", "-T", name, *_PROBES[name], check=False).returncode == 0
        if name.startswith(WORKER):
            number = name.removeprefix(WORKER).removeprefix("-") or "1"
            probe = ("exec", "-T", "--index", number, WORKER, "python", "-IS", "/app/healthcheck.py")
            return self.docker(*probe, check=False).returncode == 0
        return lacking(self.stack.port(name), "/gateway/livez" if name == "gateway" else "/readyz") == {}

    def lacking(self, service: str) -> dict[str, str] | None:
        return lacking(self.stack.port(service))

    def scale_workers(self, count: int) -> None:
        self.docker("up", "--wait", "--no-deps", "--no-recreate", "--scale", f"{WORKER}={count}", WORKER)

    def kill(self, name: str) -> Handle:
        handle = self.processes()[name]
        handle.send(signal.SIGKILL)
        return handle

    def kill_everything(self) -> None:
        self.docker("kill")

    @contextmanager
    def away(self, name: str) -> Iterator[None]:
        self.docker("kill", name)
        try:
            yield
        finally:
            self.docker("up", "--wait", "--no-deps", "--no-recreate", name)

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        # By signals: the engine's own pause needs a freezer of control groups, which not every machine's kernel does well.
        with standing_still(self.processes()[name]):
            yield

    @contextmanager
    def another(self, service: str) -> Iterator[None]:
        name = f"{self.stack.home.name}-another-{service}"
        self.docker("run", "--detach", "--no-deps", "--name", name, service, "serve", "--only", "consumers")
        probe = ["docker", "exec", name, "python", "-IS", "/app/healthcheck.py"]
        deadline = time.monotonic() + _PATIENCE
        try:
            while subprocess.run(probe, capture_output=True, check=False).returncode:
                assert time.monotonic() < deadline, f"another {service} did not get ready"
                time.sleep(0.2)
            yield
        finally:
            subprocess.run(["docker", "stop", name], capture_output=True, check=False)
            subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=False)

    @contextmanager
    def without_kafka(self) -> Iterator[None]:
        self.down()
        # As when a machine boots: the engine starts all that ran, in no order.
        self._start("postgres", "sandbox", "gateway", WORKER, *(service.name for service in SERVICES))
        try:
            yield
        finally:
            self._start("kafka")

    def _start(self, *names: str) -> None:
        ids = self.docker("ps", "--all", "-q", *names).stdout.split()
        subprocess.run(["docker", "start", *ids], check=True, capture_output=True)

    def _prepare(self) -> None:
        """The settings of the compose project, secrets of its own, and folders that a container's user can write to."""
        home = self.stack.home
        for folder in _FOLDERS:
            (home / folder).mkdir(parents=True, exist_ok=True)
            (home / folder).chmod(0o777)
        secret_files.write(home / "secrets", secret_files.contents(host=os.environ.get("CHAIRSIDE_DATABASE_HOST", "postgres:5432")))
        known = {name: (home / "secrets" / f"{file}").read_text().strip() for name, file in _KNOWN.items()}
        (home / "secrets.json").write_text(json.dumps(known))
        ports = {f"CHAIRSIDE_PORT_{name.upper().replace('-', '_')}": str(self.stack.port(name)) for name in _PORTS}
        settings = {
            "COMPOSE_PROJECT_NAME": home.name,
            "CHAIRSIDE_SECRETS": str(home / "secrets"),
            "CHAIRSIDE_MILADY_TOKEN": known["milady_token"],
            "CHAIRSIDE_PUBLIC_URL": self.url,
            "CHAIRSIDE_TRACES": "/traces/",
            "CHAIRSIDE_TRACES_FOLDER": str(home / "traces"),
            "CHAIRSIDE_MAIL_FOLDER": str(home / "outbox"),
            **ports,
        }
        (home / "compose.env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))


_KNOWN = {
    "postgres": "postgres_password",
    "admin_password": "admin_password",
    "milady_token": "milady_token",
    "identity_sealing_key": "identity_sealing_key",
    "onboarding_sealing_key": "onboarding_sealing_key",
}


def why_not() -> str | None:
    """Why this machine cannot run containers; None if it can."""
    if shutil.which("docker") is None:
        return "there is no docker on this machine"
    needed = {"Docker's engine does not run": ("docker", "info"), "docker compose is missing": ("docker", "compose", "version")}
    for lack, argv in needed.items():
        if subprocess.run(argv, capture_output=True, check=False).returncode:
            return lack
    if os.geteuid() != 0:
        return "the tests kill processes inside containers, which only root may"
    return None
