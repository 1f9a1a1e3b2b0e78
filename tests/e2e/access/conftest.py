"""One cast for the whole matrix."""

from collections.abc import AsyncIterator

import pytest_asyncio
from dev.demo.stage import Stage
from dev.live import Live

from .cast import Cast, open_cast


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cast(live: Live, stage: Stage) -> AsyncIterator[Cast]:
    """A student with records of every kind, and everyone who stands in some relation to them."""
    async with open_cast(live, stage) as made:
        yield made
