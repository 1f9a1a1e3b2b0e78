"""A pytest plugin: a service as its users meet it, in a process of its own, with its neighbours played by their events and tokens.

`pytest_plugins = ["dev.testing", "dev.harness"]`. It stands on chassis, contracts and the root group `test` alone.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from chassis.migrate import upgrade
from chassis.outbox import envelope
from contracts.event import Event
from contracts.topics import TOPICS

from dev import loopback
from dev.issuer import Issuer
from dev.processes import free_port
from dev.testing import ServiceDatabase, create_topics, fresh_database

T = TypeVar("T")
E = TypeVar("E", bound=Event)


@dataclass
class Running:
    """One service process on a free port, over a database of its own."""

    module: str
    database: ServiceDatabase
    issuer: Issuer
    env: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The service's own address."""
        return f"http://127.0.0.1:{self.env['CHAIRSIDE_PORT']}"

    def client(self, kind: str | None = None, user_id: UUID | None = None, *roles: str, **claims: Any) -> httpx.AsyncClient:
        """An HTTP client that is signed in as that principal (or as nobody), with further claims in the token."""
        return self.bearing(self.issuer.token(kind, user_id or uuid4(), *roles, **claims) if kind else None)

    def bearing(self, token: str | None) -> httpx.AsyncClient:
        """An HTTP client with that token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        client = loopback.client(self.url, headers=headers, timeout=120)
        self.clients.append(client)
        return client

    def spawn(self, only: str | None = None) -> None:
        """Starts the process and waits for nothing."""
        command = [sys.executable, "-m", self.module, "serve", *(["--only", only] if only else [])]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(command, env={**os.environ, **self.env}, stdout=out, stderr=out)

    async def start(self, only: str | None = None) -> None:
        """Starts the process and waits until it is ready. Raises with its log when it does not get ready."""
        self.spawn(only)
        async with loopback.client(timeout=5) as client:
            for _ in range(400):
                if self.process is None or self.process.poll() is not None:
                    break
                try:
                    if (await client.get(f"{self.url}/readyz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)
        raise RuntimeError(f"{self.module} did not get ready:\n{self.log.read_text()[-4000:]}")

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Ends the process, by default without a chance to clean up."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of the service's command line to its end."""
        return subprocess.run(
            [sys.executable, "-m", self.module, *command],
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    async def trail(self, object_id: Any) -> list[tuple[str, Any, Any]]:
        """What administrators are shown of what was done to a thing: action, before and after; the oldest first."""
        answer = await self.client("admin", None, "admin").get("/v1/audit", params={"object_id": str(object_id), "limit": 500})
        return [(entry["action"], entry["before"], entry["after"]) for entry in reversed(answer.json()["items"])]

    async def disclosures(self, student_id: UUID) -> list[tuple[str, str]]:
        """What a student is shown of who read their records: operation and reader; the oldest first."""
        answer = await self.client("student", student_id).get("/v1/disclosures", params={"limit": 500})
        return [(each["operation"], each["reader_id"]) for each in reversed(answer.json()["items"])]

    async def reads(self) -> set[str]:
        """The ids of the operations that read, but for those of every service."""
        document = (await self.client().get("/openapi.json")).json()
        found = {path["get"]["operationId"] for path in document["paths"].values() if "get" in path}
        return found - {"listAuditEntries", "verifyAudit", "listDisclosures", "exportRecords"}

    async def sql(self, statement: str, *arguments: Any) -> list[Any]:
        """Reads (or breaks) the database as its superuser."""
        connection = await asyncpg.connect(self.database.admin_url)
        try:
            return list(await connection.fetch(statement, *arguments))
        finally:
            await connection.close()


Start = Callable[..., Awaitable[Running]]


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    """Who signs the tokens of this session."""
    made = Issuer()
    yield made
    made.server.shutdown()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def start_service(postgres: str, kafka: str, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Start]:
    """`await start_service("milady-sync", env={...}, only=None)`: provisions, migrates and starts a service; stopped at the end.

    `start=False` leaves the process to the test. The topics of `contracts` are made on the way.
    """
    all_started: list[Running] = []

    async def start(
        service: str, *, env: dict[str, str] | None = None, only: str | None = None, start: bool = True, topics: Any = TOPICS
    ) -> Running:
        await create_topics(kafka, topics)
        database = await fresh_database(postgres, service)
        module = service.replace("-", "_")
        await upgrade(service, module, database.owner_url)
        folder = tmp_path_factory.mktemp(service)
        settings = {
            "CHAIRSIDE_DATABASE_URL": database.login_url, "CHAIRSIDE_OWNER_DATABASE_URL": database.owner_url, "CHAIRSIDE_KAFKA": kafka,
            "CHAIRSIDE_HOST": "127.0.0.1", "CHAIRSIDE_PORT": str(free_port()), "CHAIRSIDE_JWKS_URL": issuer.url,
            "CHAIRSIDE_STORAGE": f"file://{folder}/files", "CHAIRSIDE_TRACES": str(folder / "traces.jsonl"),
        }  # fmt: skip
        running = Running(module, database, issuer, settings | (env or {}), folder / "service.log")
        all_started.append(running)
        if start:
            await running.start(only)
        return running

    yield start
    for running in all_started:
        for client in running.clients:
            await client.aclose()
        running.kill(signal.SIGTERM)


async def send(kafka: str, source: str, *events: Event, message_id: UUID | None = None) -> list[UUID]:
    """Publishes events as the service `source` would; returns their message ids. `message_id` makes a copy of an earlier one."""
    ids = [message_id or uuid4() for _ in events]
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True) as producer:
        for one, event in zip(ids, events, strict=True):
            row = {"message_id": one, "topic": event.topic, "key": event.key_text, "schema_uri": event.schema_uri(), "traceparent": None}
            headers = envelope(source, row | {"created_at": datetime.now(UTC)})
            await producer.send_and_wait(event.topic, event.to_json(), key=event.key_text.encode(), headers=headers)
    return ids


async def events_of(
    kafka: str, kind: type[E], *, where: Callable[[E], bool] = lambda _: True, count: int = 1, within: float = 20
) -> list[E]:
    """The first `count` events of that kind on Kafka that fit, from the beginning of the topic. Raises TimeoutError."""
    found: list[E] = []
    consumer = AIOKafkaConsumer(kind.topic, bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    async with asyncio.timeout(within), consumer:
        async for record in consumer:
            uri = dict(record.headers).get("ce_dataschema", b"").decode("utf-8", "replace")
            try:
                event = kind.read(uri, record.value or b"")
            except ValueError:
                continue
            if where(event):
                found.append(event)
            if len(found) == count:
                break
    return found


async def eventually(look: Callable[[], Awaitable[T]], *, within: float = 20) -> T:
    """What `look` gives as soon as it gives something truthy. Raises AssertionError with the last answer when it never does."""
    deadline = time.monotonic() + within
    while not (found := await look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"this did not happen within {within} s; the last look gave {found!r}")
        await asyncio.sleep(0.05)
    return found
