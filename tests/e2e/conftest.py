"""One stack for all of these tests: the one that `./chairside test e2e` started, or one of this session's own."""

import logging
import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from dev.demo.stage import Stage, eventually
from dev.live import Live
from dev.live_containers import Containers
from dev.suites import EACH_ONCE

pytest_plugins = ["dev.live"]
# The tests take Kafka away; that its client says so a hundred times hides what failed.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
# How long a machine takes decides nothing here; what never comes fails after five minutes.
eventually.__defaults__ = (300.0,)
DYING = ["test_delivery.py", "test_scaling.py"]
"""What dies, comes back and grows is tried in containers."""
RECORDS = ["test_checklist.py", "test_erasure.py", "test_poison.py", "test_replays.py", "test_tokens.py"]
"""What becomes of records and tokens is tried with processes."""
collect_ignore = (RECORDS if os.environ.get("CHAIRSIDE_CONTAINERS") else DYING) if os.environ.get(EACH_ONCE) else []


@pytest.fixture(scope="session")
def containers(live: Live) -> Containers:
    """The stack, where it runs in containers; elsewhere the test is passed over."""
    if not isinstance(live, Containers):
        pytest.skip("about images and containers; here the stack runs as processes")
    return live


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(live: Live) -> AsyncIterator[Stage]:
    """The gateway, the sandbox, and people with tokens of their own."""
    async with Stage.open(live.stack) as opened:
        yield opened
