"""What was erased of a person, and what was not."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from identity.domain.erasure import ERASED, KEPT


class Kept(BaseModel):
    """Records that stay, under an id that leads to nobody any more."""

    what: str
    because: str


class ErasureOut(BaseModel):
    """`erased` is gone here, and goes within moments wherever else it is; `kept` stays pseudonymous, for what the law asks of us."""

    user_id: UUID
    erased_at: datetime
    erased: list[str]
    kept: list[Kept]

    @classmethod
    def of(cls, user_id: UUID, erased_at: datetime) -> Self:
        """The answer to who asked for it."""
        kept = [Kept(what=what, because=because) for what, because in KEPT.items()]
        return cls(user_id=user_id, erased_at=erased_at, erased=list(ERASED), kept=kept)
