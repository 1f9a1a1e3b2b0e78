"""One process of one service: its HTTP door, consumers, relay, scheduler and workers, all together or by part."""

import asyncio
import importlib.resources
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import click
import structlog
from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from chassis import audit, audit_api, documents, idempotency, problems, readiness
from chassis.auth import Verifier
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.deadletters import DeadLetters
from chassis.edge import QUIET, Edge
from chassis.inbox import Applier, Inbox
from chassis.limits import BODY_BYTES, Rates
from chassis.records import Holdings
from chassis.relay import Relay, measure
from chassis.rights import Rights, guard
from chassis.rights import check as check_rights
from chassis.schedule import Job, Scheduler
from chassis.settings import Settings
from chassis.storage import Storage

log = structlog.get_logger()
PARTS, GRACE = ("api", "consumers", "relay", "scheduler", "workers"), 15
lacks = Gauge("readiness_lacks", "1 for each thing that /readyz says is missing", ["what"])
ONE_SPAN: TelemetryConfig = {
    "metrics": False, "logs": False, "operation_spans": False, "exclude": lambda scope: scope.get("path") in QUIET,
}  # fmt: skip
S = TypeVar("S", bound=Settings)


@dataclass
class Context(Generic[S]):
    """What the parts of a running process share. `resources` is the service's own (an HTTP client, a key ring, ...)."""

    settings: S
    database: Database
    storage: Storage
    verifier: Verifier
    resources: Any = None


Work = Callable[[Any], Awaitable[None]]


@dataclass
class Service:
    """What a service consists of; `app.py` composes it.

    `rights` names who may call each operation of `routers`; `pages` are for browsers and guard themselves by the session.
    `tasks` run in the part `workers` for as long as the process lives. `holdings`: what there is of people, for their export.
    """

    name: str
    kinds: tuple[str, ...]
    settings: type[Settings] = Settings
    routers: Sequence[APIRouter] = ()
    rights: Rights = field(default_factory=dict)
    pages: Sequence[APIRouter] = ()
    inboxes: Sequence[Inbox] = ()
    jobs: Sequence[Job] = ()
    tasks: Sequence[Work] = ()
    resources: Callable[[Any], AbstractAsyncContextManager[Any]] | None = None
    audit_event: audit.EventOf | None = None
    holdings: Holdings = field(default_factory=Holdings)
    commands: Sequence[click.Command] = ()

    @property
    def package(self) -> str:
        """The import name."""
        return self.name.replace("-", "_")


@dataclass
class Process:
    """The running parts of one process, and what `/readyz` and `/livez` ask of them."""

    service: Service
    context: Context[Any]
    parts: frozenset[str]
    consumers: list[Consumer] = field(default_factory=list)
    relay: Relay | None = None
    migrated: bool = False

    async def not_ready(self) -> dict[str, str]:
        """What is missing before this process can do its work, by name; empty when it is ready."""
        missing = await readiness.database_lacks(self.context.database, self.service.package, migrated=self.migrated)
        self.migrated = self.migrated or not missing.keys() & {"database", "migrations"}
        if trouble := self.context.storage.trouble():
            missing["storage"] = trouble
        if "api" in self.parts and self.context.verifier.keys is None:
            missing["signing_keys"] = f"not fetched yet from {self.context.verifier.jwks_url}"
        if self.relay and not self.relay.connected:
            missing["relay"] = f"has no connection to Kafka at {self.relay.bootstrap}"
        for consumer in self.consumers:
            if not consumer.joined:
                missing[f"consumer {consumer.applier.inbox.consumer}"] = f"has not joined its group at {consumer.bootstrap}"
        return missing


def make_context(service: Service, settings: Any) -> Context[Any]:
    """The pool, the storage and the verifier; nothing is connected yet."""
    database = Database(settings.database_url, service.name, pool_size=settings.pool_size)
    verifier = Verifier(settings.jwks_url, issuer=settings.issuer, audience=settings.audience, kinds=service.kinds)
    return Context(settings, database, Storage(settings.storage), verifier)


def apis(service: Service) -> tuple[APIRouter, ...]:
    """The routers whose operations need a right: the service's own, and the audit trail's."""
    return (*service.routers, *audit_api.ROUTERS)


def granted(service: Service) -> Rights:
    """Who may call each operation, those of the audit trail among them. Raises RightsIncomplete where somebody forgot one."""
    found = {**service.rights, **audit_api.RIGHTS}
    check_rights(apis(service), found)
    return found


def make_app(service: Service, settings: Any, parts: Iterable[str] = PARTS) -> FastAPI:
    """The ASGI application; its lifespan starts and stops the other parts."""
    context = make_context(service, settings)
    process = Process(service, context, frozenset(parts))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(context.database.close)
            if service.resources:
                context.resources = await stack.enter_async_context(service.resources(context))
            running = await stack.enter_async_context(_running(process))
            log.info("started", parts=sorted(process.parts), tasks=len(running))
            yield
            log.info("stopping")

    app = FastAPI(
        title=f"Chairside {service.name}", version="1", lifespan=lifespan, root_path=f"/api/{service.name}", root_path_in_servers=True,
        telemetry=ONE_SPAN, docs_url=None, redoc_url=None,
    )  # fmt: skip
    app.state.context, app.state.process = context, process
    app.add_middleware(Edge, verifier=context.verifier, rates=Rates(settings.principal_rate, settings.address_rate))
    problems.install(app)
    _add_probes(app, process)
    documents.add(app)
    if "api" in process.parts:
        for router in apis(service):
            app.include_router(router, dependencies=[guard(granted(service))], responses=problems.RESPONSES, max_body_size=BODY_BYTES)
        for router in service.pages:
            app.include_router(router, max_body_size=BODY_BYTES)
    return app


def _add_probes(app: FastAPI, process: Process) -> None:
    @app.get("/livez", include_in_schema=False)
    async def livez() -> Response:
        stalled = [c.applier.inbox.consumer for c in process.consumers if c.stalled]
        return JSONResponse({"stalled": stalled}, 503 if stalled else 200)

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        missing = await process.not_ready()
        return JSONResponse({"ready": not missing, "missing": missing}, 503 if missing else 200)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        missing = await process.not_ready()
        lacks.clear()
        for what in missing:
            lacks.labels(what).set(1)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/asyncapi.json", include_in_schema=False)
    async def asyncapi() -> Response:
        return JSONResponse(json.loads((importlib.resources.files(process.service.package) / "asyncapi.json").read_text()))


@asynccontextmanager
async def _running(process: Process) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Starts the parts' endless work; at the end stops what finishes by itself, then cancels the rest."""
    service, context = process.service, process.context
    letters = DeadLetters(context.settings.kafka)
    graceful, endless = list[asyncio.Task[None]](), list[asyncio.Task[None]]()
    for inbox in service.inboxes:
        if inbox.part in process.parts:
            consumer = Consumer(Applier(inbox, context.database, letters, context), context.settings.kafka)
            process.consumers.append(consumer)
            graceful.append(_keep_running(f"consumer {inbox.consumer}", consumer.run))
    if "relay" in process.parts:
        process.relay = Relay(context.database, context.settings.kafka)
        graceful.append(_keep_running("relay", process.relay.run))
        endless.append(_keep_running("outbox gauges", lambda: measure(context.database)))
        endless.append(_keep_running("sealer", audit.Sealer(context.database, service.audit_event).run))
    if "scheduler" in process.parts:
        endless.append(_keep_running("scheduler", Scheduler(context.database, [*service.jobs, idempotency.FORGET]).run))
    if "workers" in process.parts:
        endless += [_keep_running(getattr(task, "__name__", "task"), lambda task=task: task(context)) for task in service.tasks]  # type: ignore[misc]
    if "api" in process.parts:
        endless.append(_keep_running("signing keys", context.verifier.run))
    try:
        yield graceful + endless
    finally:
        for consumer in process.consumers:
            await consumer.stop()
        if process.relay:
            await process.relay.stop()
        await asyncio.wait(graceful, timeout=GRACE) if graceful else None
        for task in graceful + endless:
            task.cancel()
        await asyncio.gather(*graceful, *endless, return_exceptions=True)
        await letters.close()


def _keep_running(name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
    """Runs `work` again, after a pause, should it fail in a way that it did not expect."""

    async def run() -> None:
        while True:
            try:
                return await work()
            except Exception:
                log.exception("failed and starts over", what=name)
                await asyncio.sleep(1)

    return asyncio.create_task(run(), name=name)
