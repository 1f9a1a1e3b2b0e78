"""Exports of people's data."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel

from identity.domain.exports import KEPT_FOR, State, state_of


class PartOut(BaseModel):
    """One service of an export; `reason` is why it did not give everything yet."""

    service: str
    state: Literal["waiting", "done", "failed"]
    attempts: int
    reason: str | None


class ExportOut(BaseModel):
    """How far an export is: `done` of `total` services. The archive is there when `state` is `done`, until `expires_at`."""

    id: UUID
    user_id: UUID
    state: State
    done: int
    total: int
    requested_at: datetime
    expires_at: datetime
    services: list[PartOut]

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `queries.export`."""
        parts = [PartOut.model_validate(part) for part in row.services]
        return cls(
            id=row.export_id,
            user_id=row.user_id,
            state=state_of([part.state for part in parts]),
            done=sum(part.state == "done" for part in parts),
            total=len(parts),
            requested_at=row.requested_at,
            expires_at=row.requested_at + KEPT_FOR,
            services=parts,
        )
