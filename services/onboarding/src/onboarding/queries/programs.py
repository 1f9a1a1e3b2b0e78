"""Programs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging

from onboarding.queries import keyset


async def program(tx: Transaction, program_id: UUID) -> Any:
    """The program, or None."""
    return await tx.first("select * from program where program_id = :id", {"id": program_id})


async def programs(tx: Transaction, partner_id: UUID | None, paging: Paging) -> Sequence[Any]:
    """A page of programs, all or one holder's, in the order in which they were published."""
    return await keyset.read(tx, "select * from program", "program_id", {"partner_id": partner_id}, paging)
