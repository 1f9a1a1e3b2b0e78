"""Reading leave."""

from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging
from sqlalchemy import select, tuple_

from compliance.domain.hours import EnrollmentNotKnown
from compliance.domain.leaves import Leave, LeaveNotKnown
from compliance.models import leave

FIELDS = Leave.__slots__


async def enrollment(tx: Transaction, enrollment_id: UUID) -> Any:
    """The enrollment's student and days. Raises EnrollmentNotKnown."""
    row = await tx.first("select student_id, started_on, ended_on from enrollment where enrollment_id = :id", {"id": enrollment_id})
    if row is None:
        raise EnrollmentNotKnown("There is no such enrollment here. If it was made just now, try again in a moment.")
    return row


async def of_enrollment(tx: Transaction, enrollment_id: UUID) -> list[Leave]:
    """Every leave of the enrollment, also those that were cancelled, first days first."""
    rows = await tx.all("select * from leave where enrollment_id = :id order by first_on, leave_id", {"id": enrollment_id})
    return [leave_of(row) for row in rows]


async def one(tx: Transaction, leave_id: UUID) -> Leave:
    """The leave. Raises LeaveNotKnown."""
    row = await tx.first("select * from leave where leave_id = :id", {"id": leave_id})
    if row is None:
        raise LeaveNotKnown("There is no such leave. Look it up in the list of leaves.")
    return leave_of(row)


async def lock_one(tx: Transaction, leave_id: UUID) -> Leave:
    """The leave, with its student's ledger locked. Raises LeaveNotKnown."""
    await tx.execute(
        "select from student_ledger where student_id = (select student_id from leave where leave_id = :id) for update", {"id": leave_id}
    )
    return await one(tx, leave_id)


async def leaves(tx: Transaction, enrollment_id: UUID | None, paging: Paging) -> list[Leave]:
    """Leaves, latest first day first; one more than the page holds."""
    c = leave.c
    statement = select(leave).order_by(c.first_on.desc(), c.leave_id.desc()).limit(paging.limit + 1)
    if enrollment_id:
        statement = statement.where(c.enrollment_id == enrollment_id)
    if last := paging.values(date.fromisoformat, UUID):
        statement = statement.where(tuple_(c.first_on, c.leave_id) < tuple_(*last))
    return [leave_of(row) for row in await tx.all(statement)]


def leave_of(row: Any) -> Leave:
    """The leave in a row."""
    return Leave(*(getattr(row, name) for name in FIELDS))
