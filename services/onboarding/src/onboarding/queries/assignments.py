"""Assignments."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging

from onboarding.queries import keyset


async def assignment(tx: Transaction, assignment_id: UUID) -> Any:
    """The assignment, or None."""
    return await tx.first("select * from assignment where assignment_id = :id", {"id": assignment_id})


async def assignments(
    tx: Transaction, student_id: UUID | None, partner_id: UUID | None, active: bool | None, paging: Paging
) -> Sequence[Any]:
    """A page of assignments, in the order in which they were made."""
    wanted = {"student_id": student_id, "partner_id": partner_id, "active": active}
    return await keyset.read(tx, "select * from assignment", "assignment_id", wanted, paging)
