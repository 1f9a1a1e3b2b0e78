"""What every bench stands on: a real PostgreSQL (fsync on) and a real Kafka in a folder that goes away, and the table of results."""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from chassis import schema
from contracts.people import KINDS
from contracts.topics import Topic
from dev.processes import free_port
from dev.testing import ServiceDatabase, create_topics, fresh_database

from dev import kafka, postgres

PARTITIONS = 6


@dataclass(frozen=True)
class Figure:
    """One line of the table. `ratio` says against what it was held in the same run."""

    what: str
    value: str
    ratio: str = ""


@dataclass(frozen=True)
class Ground:
    """Where the bench's own servers are."""

    admin: str
    kafka: str
    folder: Path

    async def database(self) -> ServiceDatabase:
        """An empty database of a service called `bench`, with the chassis' tables."""
        made = await fresh_database(self.admin, "bench")
        owner = await asyncpg.connect(made.owner_url)
        for statement in schema.install("bench", KINDS):
            await owner.execute(statement)
        await owner.close()
        return made

    async def topic(self, name: str, partitions: int = PARTITIONS) -> list[TopicPartition]:
        """A topic of that name, and its partitions."""
        await create_topics(self.kafka, [Topic(name, partitions, {})])
        return [TopicPartition(name, number) for number in range(partitions)]


@asynccontextmanager
async def ground() -> AsyncIterator[Ground]:
    """Starts both servers and stops them at the end."""
    with tempfile.TemporaryDirectory(prefix="chairside-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        admin = stack.enter_context(postgres.running(folder / "postgres", free_port()))
        broker = stack.enter_context(kafka.running(folder / "kafka", free_port()))
        yield Ground(admin, broker, folder)


@asynccontextmanager
async def counting(bootstrap: str, parts: Sequence[TopicPartition]) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """A function that tells how many records lie in those partitions."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:

        async def look() -> int:
            return sum((await consumer.end_offsets(list(parts))).values())

        yield look


async def until(look: Callable[[], Awaitable[int]], wanted: int, *, within: float = 300, pause: float = 0.02) -> float:
    """Waits until there are that many; the time of the look that saw them. Raises TimeoutError."""
    async with asyncio.timeout(within):
        while await look() < wanted:
            await asyncio.sleep(pause)
    return time.perf_counter()


def child(file: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Starts a Python file of this folder as a process of its own."""
    path = Path(__file__).parent
    return subprocess.Popen([sys.executable, str(path / file), *arguments], cwd=path, env=os.environ | {"PYTHONPATH": str(path)})


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """p50 and p99 in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[49] * 1000, cuts[98] * 1000


def main(title: str, run: Callable[[], Awaitable[list[Figure]]]) -> None:
    """Runs a bench, prints its table, and writes it as JSON where `--json` says."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    figures = asyncio.run(run())
    width = max(len(figure.what) for figure in figures)
    print(title)
    for figure in figures:
        print(f"  {figure.what:<{width}}  {figure.value:>16}  {figure.ratio}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"title": title, "figures": [asdict(figure) for figure in figures]}, indent=1))
