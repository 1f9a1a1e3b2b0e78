"""One cast for the whole matrix, and at the end how many cells it held."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from dev.demo.stage import Stage
from dev.live import Live

from .cast import Cast, open_cast

_COUNTED: list[int] = []


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cast(live: Live, stage: Stage) -> AsyncIterator[Cast]:
    """A student with records of every kind, and everyone who stands in some relation to them."""
    async with open_cast(live, stage) as made:
        yield made


@pytest.fixture(scope="session")
def count() -> list[int]:
    """Grows by one with each cell that was tried."""
    return _COUNTED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how big the matrix was."""
    terminalreporter.write_line(f"access matrix: {len(_COUNTED)} cells")
