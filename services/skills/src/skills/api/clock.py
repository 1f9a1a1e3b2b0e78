"""What time it is, as a dependency."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends


async def _now() -> datetime:
    return datetime.now(UTC)


Now = Annotated[datetime, Depends(_now)]
