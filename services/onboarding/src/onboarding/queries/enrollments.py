"""Enrollments."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging

from onboarding.queries import keyset


async def enrollment(tx: Transaction, enrollment_id: UUID) -> Any:
    """The enrollment, or None."""
    return await tx.first("select * from enrollment where enrollment_id = :id", {"id": enrollment_id})


async def enrollments(tx: Transaction, program_id: UUID | None, student_id: UUID | None, paging: Paging) -> Sequence[Any]:
    """A page of enrollments, in the order in which they were made."""
    wanted = {"program_id": program_id, "student_id": student_id}
    return await keyset.read(tx, "select * from enrollment", "enrollment_id", wanted, paging)
