"""One local stack: its folder, its ports, and the settings that each of its processes is given."""

import fcntl
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from dev.paths import HOME

PORT_BASE = 8080
# Every process of a stack carries these two, so that one left behind by a violent end is known for ours.
STACK_MARK = "CHAIRSIDE_STACK"
PROCESS_MARK = "CHAIRSIDE_PROCESS"


@dataclass(frozen=True)
class Service:
    """A service of ours: its name, its port counted from the stack's first, and whether it has a part `workers`."""

    name: str
    offset: int
    workers: bool = False

    @property
    def module(self) -> str:
        return self.name.replace("-", "_")


SERVICES = (
    Service("identity", 21, workers=True),
    Service("onboarding", 22),
    Service("milady-sync", 23, workers=True),
    Service("skills", 24),
    Service("compliance", 25, workers=True),
    Service("messaging", 26, workers=True),
    Service("portal", 27),
)
_OFFSETS = {"gateway": 0, "sandbox": 28, "postgres": 30, "kafka": 31, "kafka-controller": 32} | {one.name: one.offset for one in SERVICES}
# With CHAIRSIDE_PROXIED set, services reach PostgreSQL and Kafka by the proxy that a fault run puts there.
PROXIED = {"proxy": 33, "postgres-proxied": 34, "kafka-proxied": 35, "kafka-for-proxy": 36}
# Further processes of a scaled service get ports from here on.
_SCALED_OFFSET = 40


@dataclass(frozen=True)
class Stack:
    """Where a stack keeps its data, and the port of its gateway from which the others are counted."""

    home: Path
    base: int

    def port(self, name: str) -> int:
        """The port of a part, e.g. `compliance`, `kafka`, or `milady-sync-2` of a scaled service."""
        if name in _OFFSETS or name in PROXIED:
            return self.base + (_OFFSETS | PROXIED)[name]
        return self.base + _SCALED_OFFSET + int(name.rpartition("-")[2])

    @property
    def ports(self) -> dict[str, int]:
        return {name: self.base + offset for name, offset in _OFFSETS.items()}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port('gateway')}"

    @property
    def kafka(self) -> str:
        return f"127.0.0.1:{self.port('kafka')}"

    def log(self, name: str) -> Path:
        return self.home / "logs" / f"{name}.log"


def this_stack() -> Stack:
    """The stack that CHAIRSIDE_HOME and CHAIRSIDE_PORT_BASE name."""
    return Stack(HOME, int(os.environ.get("CHAIRSIDE_PORT_BASE") or PORT_BASE))


@dataclass(frozen=True)
class Secrets:
    """The stack's passwords and tokens: made up at the first need, kept in a file that only its owner reads."""

    file: Path

    def get(self, name: str) -> str:
        known = self._known()
        return known[name] if name in known else self._made_up(name)

    def _known(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.file.read_text()) if self.file.exists() else {}
        return found

    def _made_up(self, name: str) -> str:
        """The secret, by whichever of several at once made it up first."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(self.file.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            known = {name: secrets.token_urlsafe(18), **self._known()}
            beside = self.file.with_suffix(".new")
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                json.dump(known, out, indent=1)
            beside.replace(self.file)
        finally:
            os.close(folder)
        return known[name]


def secrets_of(stack: Stack) -> Secrets:
    return Secrets(stack.home / "secrets.json")


def marked(stack: Stack, process: str, **more: str) -> dict[str, str]:
    """The environment of one of the stack's processes."""
    return {**os.environ, STACK_MARK: str(stack.home), PROCESS_MARK: process, "PYTHONUNBUFFERED": "1", **more}


def is_proxied() -> bool:
    """Whether the services of stacks of this environment lean on a proxy."""
    return bool(os.environ.get("CHAIRSIDE_PROXIED"))


def _database_url(stack: Stack, role: str, database: str) -> str:
    port = stack.port("postgres-proxied" if is_proxied() else "postgres")
    return f"postgresql://{role}:{secrets_of(stack).get(role)}@127.0.0.1:{port}/{database}"


def service_settings(stack: Stack, service: Service, port: int | None = None) -> dict[str, str]:
    """What a process of the service finds in its environment, `CHAIRSIDE_...`."""
    database = service.module
    common = {
        "DATABASE_URL": _database_url(stack, database, database),
        "OWNER_DATABASE_URL": _database_url(stack, f"{database}_owner", database),
        "KAFKA": f"127.0.0.1:{stack.port('kafka-proxied')}" if is_proxied() else stack.kafka,
        "HOST": "127.0.0.1",
        "PORT": str(port or stack.port(service.name)),
        "JWKS_URL": f"http://127.0.0.1:{stack.port('identity')}/.well-known/jwks.json",
        "STORAGE": f"file://{stack.home}/storage/{service.name}",
        "TRACES": os.environ.get("CHAIRSIDE_TRACES", f"{stack.home}/traces/{service.name}.jsonl"),
        "PUBLIC_URL": stack.url,
        "LOG_LEVEL": os.environ.get("CHAIRSIDE_LOG_LEVEL", "INFO"),
    }
    own = {
        "identity": {
            "SEALING_KEY": secrets_of(stack).get("identity_sealing_key"),
            "ADMIN_SECOND_FACTOR": "optional",
            "SERVICES_URL": f"{stack.url}/api/{{service}}",
        },
        "onboarding": {"SEALING_KEY": secrets_of(stack).get("onboarding_sealing_key")},
        "milady-sync": {
            "MILADY_URL": f"http://127.0.0.1:{stack.port('sandbox')}/milady",
            "MILADY_TOKEN": secrets_of(stack).get("milady_token"),
        },
        "messaging": {"OUTBOX_FOLDER": f"{stack.home}/outbox"},
        "portal": {"SERVICES_URL": f"{stack.url}/api/{{service}}"},
    }
    return {f"CHAIRSIDE_{name}": value for name, value in (common | own.get(service.name, {})).items()}


def sandbox_settings(stack: Stack) -> dict[str, str]:
    return {
        "CHAIRSIDE_HOST": "127.0.0.1",
        "CHAIRSIDE_PORT": str(stack.port("sandbox")),
        "CHAIRSIDE_MILADY_TOKEN": secrets_of(stack).get("milady_token"),
        "CHAIRSIDE_SANDBOX_DATA": str(stack.home / "sandbox.sqlite"),
    }
