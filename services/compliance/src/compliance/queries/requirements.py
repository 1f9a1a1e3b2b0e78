"""Reading what is asked of enrollments."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.database import Transaction
from chassis.disclosures import disclose

from compliance.domain.hours import EnrollmentNotKnown
from compliance.domain.requirements import NobodyToChange, Requirement, RequirementNotKnown

FIELDS = Requirement.__slots__
HISTORY = f"select {', '.join(FIELDS)} from requirement where enrollment_id = :id order by revision desc"
ONE = """select e.enrollment_id, e.student_id, p.time_zone from enrollment e left join program p using (program_id)
 where e.enrollment_id = :id"""
OF_ALL = """select e.enrollment_id, p.time_zone from enrollment e join program p using (program_id)
 where e.status = 'active' and (e.program_id = :program_id or e.cohort_id = :cohort_id) order by e.enrollment_id"""
LOCK = """select from student_ledger where student_id in (select student_id from enrollment where enrollment_id = any(:ids))
 order by student_id for update"""


async def lock(tx: Transaction, enrollment_ids: list[UUID]) -> None:
    """Locks the ledgers of the enrollments' students, in the order of their ids."""
    await tx.execute(LOCK, {"ids": enrollment_ids})


async def history(tx: Transaction, enrollment_id: UUID) -> list[Requirement]:
    """Every requirement that the enrollment had, has or will have, latest set first. Raises EnrollmentNotKnown or RequirementNotKnown."""
    found = [requirement_of(row) for row in await tx.all(HISTORY, {"id": enrollment_id})]
    if not found:
        await today(tx, enrollment_id, datetime.now(UTC))
    disclose(tx, [each.student_id for each in found[:1]])
    return found


async def today(tx: Transaction, enrollment_id: UUID, now: datetime) -> date:
    """The present date where the enrollment is. Raises EnrollmentNotKnown or RequirementNotKnown."""
    row = await tx.first(ONE, {"id": enrollment_id})
    if row is None:
        raise EnrollmentNotKnown("There is no such enrollment here. If it was made just now, try again in a moment.")
    if row.time_zone is None:
        raise RequirementNotKnown("The program of this enrollment has not arrived here yet. Try again in a moment.")
    return now.astimezone(ZoneInfo(row.time_zone)).date()


async def of_all(tx: Transaction, *, program_id: UUID | None, cohort_id: UUID | None, now: datetime) -> tuple[list[UUID], date]:
    """The program's or the cohort's enrollments that go on, and the present date where it is latest. Raises NobodyToChange."""
    rows = await tx.all(OF_ALL, {"program_id": program_id, "cohort_id": cohort_id})
    if not rows:
        raise NobodyToChange("No enrollment of yours goes on there. Look up the program or the cohort.")
    dates = [now.astimezone(ZoneInfo(zone)).date() for zone in {row.time_zone for row in rows}]
    return [row.enrollment_id for row in rows], max(dates)


def requirement_of(row: Any) -> Requirement:
    """The requirement in a row."""
    told = {name: getattr(row, name) for name in FIELDS}
    return Requirement(**told | {"class_days": tuple(row.class_days)})
