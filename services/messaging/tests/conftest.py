import sys
from pathlib import Path

import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = ["dev.testing", "dev.harness"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def messaging(start_service, tmp_path_factory):
    """The messaging service with a file outbox."""
    return await start_service("messaging", env={"CHAIRSIDE_OUTBOX_FOLDER": str(tmp_path_factory.mktemp("outbox"))})
