"""What docs/operations.md tells an operator to do to the data, done to a stack that runs as processes."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from dev.live import Live
from dev.stack import SERVICES, Service, Stack, secrets_of, service_settings

from dev import kafka, postgres, provisioning


def _said(stack: Stack, program: str, *arguments: str) -> None:
    """One of PostgreSQL's programs, as the superuser; fails with what it said."""
    env = {**os.environ, "PGPASSWORD": secrets_of(stack).get("postgres")}
    server = ("--host", "127.0.0.1", "--port", str(stack.port("postgres")), "--username", postgres.SUPERUSER)
    done = subprocess.run([postgres.binaries() / program, *server, *arguments], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{program} {' '.join(arguments)}: {done.stderr}"


def dump(stack: Stack, database: str, folder: Path) -> None:
    """Backs one database up into the folder."""
    _said(stack, "pg_dump", "--format=custom", "--file", str(folder / f"{database}.dump"), database)


def save_photos(stack: Stack, folder: Path) -> None:
    """Backs the photos up into the folder."""
    subprocess.run(["tar", "-C", stack.home / "storage", "-cf", folder / "photos.tar", "."], check=True)


def lose_everything(live: Live) -> None:
    """Stops the stack, whose databases, photos, topics and their passwords are gone; mails that were sent and the sealing keys stay."""
    live.down()
    for name in ("postgres", "kafka", "storage"):
        shutil.rmtree(live.stack.home / name)
    secrets = secrets_of(live.stack)
    kept = {name: secrets.get(name) for name in ("admin_password", "identity_sealing_key", "onboarding_sealing_key")}
    secrets.file.write_text(json.dumps(kept))


@contextmanager
def _postgres_alone(stack: Stack) -> Iterator[None]:
    """A new PostgreSQL, with empty databases and no service, until the end of the block."""
    with postgres.running(stack.home / "postgres", stack.port("postgres"), password=secrets_of(stack).get("postgres")):
        asyncio.run(provisioning.databases(stack))
        yield


def restore(live: Live, folder: Path) -> None:
    """Brings databases and photos back to what the folder holds, has everything published again, and starts the stack."""
    stack = live.stack
    (stack.home / "storage").mkdir()
    subprocess.run(["tar", "-C", stack.home / "storage", "-xf", folder / "photos.tar"], check=True)
    with _postgres_alone(stack):
        for service in SERVICES:
            bounds = ("--exit-on-error", "--single-transaction", "--dbname", service.module)
            _said(stack, "pg_restore", *bounds, str(folder / f"{service.module}.dump"))
        replay(stack)
    live.up()


def replay(stack: Stack) -> int:
    """Has every service publish again what it published, for which PostgreSQL alone must be there; gives how many events."""
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(lambda service: _replay(stack, service), SERVICES))


def _replay(stack: Stack, service: Service) -> int:
    env = {**os.environ, **service_settings(stack, service), "CHAIRSIDE_TRACES": ""}
    done = subprocess.run([sys.executable, "-m", service.module, "replay"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[0])


def replace_kafka(stack: Stack) -> None:
    """An empty Kafka in the place of the one that is gone; to be called while none runs."""
    shutil.rmtree(stack.home / "kafka")
    kafka.initialise(stack.home / "kafka", stack.port("kafka"), stack.port("kafka-controller"))
