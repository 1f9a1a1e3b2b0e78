import os
import sys
from pathlib import Path

import pytest_asyncio
from chassis.database import Database
from contracts.topics import Topic

HERE = str(Path(__file__).parent)
sys.path.insert(0, HERE)
os.environ["PYTHONPATH"] = HERE + os.pathsep + os.environ.get("PYTHONPATH", "")
pytest_plugins = ["dev.testing", "dev.harness"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def toy(start_service):
    """The toy service, running as a process of its own."""
    topics = [Topic("note.written", 3, {}), Topic("note.written.dlq", 1, {})]
    return await start_service("toy", topics=topics)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bare(start_service):
    """A toy's database, without a process beside it."""
    topics = [Topic("note.written", 3, {}), Topic("note.written.dlq", 1, {})]
    return await start_service("toy", topics=topics, start=False)


@pytest_asyncio.fixture
async def database(bare):
    """The pool of the bare toy."""
    made = Database(bare.database.login_url, "toy")
    yield made
    await made.close()
