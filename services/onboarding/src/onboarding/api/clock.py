"""The time, as endpoints get it."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends

Now = Annotated[datetime, Depends(lambda: datetime.now(UTC))]
