"""Tying students to partners (SPEC 3.8). The database turns assignments into what partners may see (`keep_grant`)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.onboarding import StudentAssigned, StudentUnassigned

from onboarding import queries
from onboarding.domain import assignments as domain
from onboarding.domain.partners import check_active
from onboarding.domain.people import check_student
from onboarding.domain.programs import ProgramNotFound
from onboarding.schemas.assignments import AssignmentIn

TOLD = "assignment_id, student_id, partner_id, role, program_id, active, revision"


async def ensure(tx: Transaction, assignment: dict[str, Any], now: datetime) -> UUID | None:
    """Makes the assignment (student_id, partner_id, role, program_id) and gives its id; None if it holds already."""
    made = await tx.first(
        f"""insert into assignment (student_id, partner_id, role, program_id, assigned_at)
            values (:student_id, :partner_id, :role, :program_id, :now)
            on conflict (student_id, partner_id, role, program_id) where active do nothing returning {TOLD}""",
        assignment | {"now": now},
    )
    if made is None:
        return None
    audit.record(tx, "assignment.create", "assignment", made.assignment_id, subject_id=made.student_id, after=_told(made))
    publish(tx, StudentAssigned(**made._mapping))
    return UUID(str(made.assignment_id))


def _told(row: Any) -> dict[str, Any]:
    """An assignment as the audit trail tells it."""
    return {name: getattr(row, name) for name in ("partner_id", "role", "program_id", "active")}


async def assign(tx: Transaction, body: AssignmentIn, now: datetime) -> UUID:
    """An administrator assigns a student to an active partner; gives the assignment's id.

    Raises StudentNotFound, StudentNotActive, PartnerNotFound, PartnerNotActive, ProgramNotFound, AssignedToThemselves, AlreadyAssigned.
    """
    domain.check_assignment(student_id=body.student_id, partner_id=body.partner_id)
    check_student(await queries.people.standing(tx, body.student_id))
    partner = await queries.partners.partner(tx, body.partner_id)
    check_active(body.role, has_role=partner.role if partner else None, status=partner.status if partner else None)
    if body.program_id is not None and await queries.programs.program(tx, body.program_id) is None:
        raise ProgramNotFound
    made = await ensure(tx, body.model_dump(), now)
    if made is None:
        raise domain.AlreadyAssigned
    return made


async def end(tx: Transaction, assignment_id: UUID, now: datetime) -> None:
    """An administrator ends the assignment: the partner sees nothing of the student from now on. Nothing happens if it has ended.

    Raises AssignmentNotFound.
    """
    if await queries.assignments.assignment(tx, assignment_id) is None:
        raise domain.AssignmentNotFound
    ended = await tx.first(
        f"""update assignment set active = false, ended_at = :now, revision = revision + 1
            where assignment_id = :id and active returning {TOLD}""",
        {"now": now, "id": assignment_id},
    )
    if ended:
        was, becomes = _told(ended) | {"active": True}, _told(ended)
        audit.record(tx, "assignment.end", "assignment", assignment_id, subject_id=ended.student_id, before=was, after=becomes)
        publish(tx, StudentUnassigned(**ended._mapping))
