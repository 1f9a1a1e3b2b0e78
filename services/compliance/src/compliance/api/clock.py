"""The time of a request, handed to commands and queries as an argument."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends


async def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


Now = Annotated[datetime, Depends(now)]
