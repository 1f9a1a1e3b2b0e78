"""`./chairside up`: from nothing to a running stack, and from that to a stopped one."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Mapping

from dev import gateway, kafka, kafka_jars, postgres, provisioning, scaling
from dev import state as states
from dev.checks import check
from dev.processes import Handle
from dev.seed import seed
from dev.stack import SERVICES, Stack, is_proxied, marked, sandbox_settings, secrets_of
from dev.steps import Progress, say, step
from dev.supervisor import Spec, Supervisor, ready_by_port

_DATA = (
    "postgres",
    "kafka",
    "storage",
    "outbox",
    "sandbox.sqlite",
    "sandbox.sqlite-wal",
    "sandbox.sqlite-shm",
    "traces",
    "logs",
    "secrets.json",
)


def _postgres_spec(stack: Stack) -> Spec:
    folder = stack.home / "postgres"
    return Spec(
        "postgres",
        postgres.server_argv(folder, stack.port("postgres")),
        marked(stack, "postgres"),
        missing=lambda: "" if postgres.is_ready(folder) else "does not accept connections yet",
        stop_signal=postgres.STOP_SIGNAL,
        prepare=lambda: postgres.forget_dead_server(folder),
    )


def _kafka_spec(stack: Stack) -> Spec:
    port = stack.port("kafka")
    proxied = (stack.port("kafka-for-proxy"), stack.port("kafka-proxied")) if is_proxied() else None
    argv = kafka.server_argv(stack.home / "kafka", port, stack.port("kafka-controller"), proxied=proxied)
    return Spec("kafka", argv, marked(stack, "kafka"), ready_by_port(port))


def _sandbox_spec(stack: Stack) -> Spec:
    port = stack.port("sandbox")
    return Spec("sandbox", [sys.executable, "-m", "dev.sandbox"], marked(stack, "sandbox", **sandbox_settings(stack)), ready_by_port(port))


async def _broker(stack: Stack, supervisor: Supervisor) -> None:
    with step("Starting Kafka", f"Kafka 4.3 answers on {stack.kafka}"):
        await asyncio.to_thread(kafka.initialise, stack.home / "kafka", stack.port("kafka"), stack.port("kafka-controller"))
        await supervisor.start(_kafka_spec(stack))
        await supervisor.until_ready("kafka")
    with step("Making topics", "All topics are there"):
        await provisioning.topics(stack)


async def _database(stack: Stack, supervisor: Supervisor) -> None:
    with step("Starting PostgreSQL", f"PostgreSQL 18 answers on 127.0.0.1:{stack.port('postgres')}"):
        await asyncio.to_thread(postgres.initialise, stack.home / "postgres", password=secrets_of(stack).get("postgres"))
        await supervisor.start(_postgres_spec(stack))
        await supervisor.until_ready("postgres")
    with step("Making databases and roles", "Databases and roles are there"):
        await provisioning.databases(stack)
    with step("Migrating", "Migrated"):
        await provisioning.migrate(stack)


async def _start_all(stack: Stack, supervisor: Supervisor, scale: Mapping[str, int]) -> list[str]:
    specs = [_sandbox_spec(stack), gateway.spec(stack)]
    specs += [spec for service in SERVICES for spec in scaling.specs(stack, service, scale.get(service.name, 1))]
    if not kafka_jars.are_here():
        with step("Fetching Kafka (44 MB, once)", "Kafka is here"):
            await asyncio.to_thread(kafka_jars.fetch, Progress("jars"))

    async def services() -> None:
        with step(f"Starting {len(specs)} processes", f"All {len(specs)} processes are ready"):
            for spec in specs:
                await supervisor.start(spec)
            await supervisor.until_ready(*(spec.name for spec in specs))

    async def all_but_the_broker(group: asyncio.TaskGroup) -> list[str]:
        await _database(stack, supervisor)
        group.create_task(services())
        return await asyncio.to_thread(seed, stack)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_broker(stack, supervisor))
            people = group.create_task(all_but_the_broker(group))
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return people.result()


def _prepare_home(stack: Stack, fresh: bool) -> None:
    stack.home.mkdir(parents=True, exist_ok=True)
    if orphans := states.stop_left_behind(stack):
        say(f"Stopped what an earlier run left behind: {', '.join(orphans)}")
    if fresh:
        say(f"Removing the data in {stack.home}")
        for name in _DATA:
            path = stack.home / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    scaling.forget(stack)
    shutil.rmtree(stack.home / "traces", ignore_errors=True)
    for folder in ("logs", "traces", "storage", "outbox"):
        (stack.home / folder).mkdir(exist_ok=True)


def _tell(stack: Stack, people: list[str]) -> None:
    lines = [
        f"Portal         {stack.url}",
        f"APIs           {stack.url}/api/<service>/docs",
        f"Sandbox        http://127.0.0.1:{stack.port('sandbox')}",
        f"Mail           {stack.home / 'outbox'}",
        f"Data           {stack.home}",
        *people,
    ]
    print("\nChairside runs.\n" + "".join(f"  {line}\n" for line in lines), flush=True)


async def run(stack: Stack, *, fresh: bool, scale: Mapping[str, int]) -> None:
    """Starts everything, prints where it is, keeps it alive until SIGINT or SIGTERM, stops it. Raises StartError if it cannot start."""
    state = states.State(stack.base, Handle.of(os.getpid()))
    with states.held(stack):
        _prepare_home(stack, fresh)
        check(stack)
        states.write(stack, state)
        supervisor = Supervisor(stack, state)
        stopped, asked = asyncio.Event(), asyncio.Event()
        numbers = _heed(stack, stopped, asked)
        watcher = asyncio.create_task(supervisor.watch())
        scaler = asyncio.create_task(scaling.follow(stack, supervisor, asked))
        starting = asyncio.create_task(_start_all(stack, supervisor, scale))
        ending = asyncio.create_task(stopped.wait())
        try:
            await asyncio.wait((starting, ending), return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                _tell(stack, starting.result())
                state.ready = True
                states.write(stack, state)
                await ending
        finally:
            for task in (starting, watcher, scaler, ending):
                task.cancel()
            await _stop_all(stack, supervisor)
            await asyncio.gather(starting, watcher, scaler, ending, return_exceptions=True)
            for number in numbers:
                asyncio.get_running_loop().remove_signal_handler(number)


def _heed(stack: Stack, stopped: asyncio.Event, asked: asyncio.Event) -> list[signal.Signals]:
    """Sets `stopped` or `asked` when signals say so; gives their numbers. A SIGHUP is a request to scale, or the terminal has gone."""
    in_terminal = sys.stdout.isatty()

    def hang_up() -> None:
        if scaling.is_asked(stack):
            asked.set()
        elif in_terminal:
            stopped.set()

    handlers = {signal.SIGINT: stopped.set, signal.SIGTERM: stopped.set, signal.SIGHUP: hang_up}
    for number, handler in handlers.items():
        asyncio.get_running_loop().add_signal_handler(number, handler)
    return list(handlers)


async def _stop_all(stack: Stack, supervisor: Supervisor) -> None:
    with step("Stopping", "Stopped; the data stays"):
        others = [name for name in supervisor.names if name not in ("gateway", "postgres", "kafka")]
        await supervisor.stop(["gateway"], others, ["kafka", "postgres"])
        (stack.home / "state.json").unlink(missing_ok=True)
