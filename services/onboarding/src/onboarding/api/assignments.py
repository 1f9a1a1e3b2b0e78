"""Assignments."""

from uuid import UUID

from chassis.http import OwnTransaction, Route, location
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Response

from onboarding import queries
from onboarding.api.clock import Now
from onboarding.commands import assignments as commands
from onboarding.domain.assignments import AssignmentNotFound
from onboarding.schemas.assignments import AssignmentIn, AssignmentOut

router = APIRouter(prefix="/v1", route_class=Route, tags=["assignments"])


@router.post("/assignments", status_code=201, operation_id="assignStudent")
async def assign(body: AssignmentIn, tx: OwnTransaction, now: Now, answer: Response) -> AssignmentOut:
    """Assign a student to an active partner, who sees the student's records from now on."""
    assignment_id = await commands.assign(tx, body, now)
    answer.headers["Location"] = location("/v1/assignments", assignment_id)
    return await assignment(assignment_id, tx)


@router.get("/assignments", operation_id="listAssignments")
async def assignments(
    tx: OwnTransaction, paging: Paged, student_id: UUID | None = None, partner_id: UUID | None = None, active: bool | None = None
) -> Page[AssignmentOut]:
    """Who sees oneself, whom one sees, or for an administrator all."""
    found = await queries.assignments.assignments(tx, student_id, partner_id, active, paging)
    return page(found, paging, shown=AssignmentOut.of, key=lambda row: [row.assignment_id])


@router.get("/assignments/{assignment_id}", operation_id="getAssignment")
async def assignment(assignment_id: UUID, tx: OwnTransaction) -> AssignmentOut:
    """An assignment."""
    if found := await queries.assignments.assignment(tx, assignment_id):
        return AssignmentOut.of(found)
    raise AssignmentNotFound


@router.delete("/assignments/{assignment_id}", status_code=204, operation_id="endAssignment")
async def end(assignment_id: UUID, tx: OwnTransaction, now: Now) -> None:
    """End an assignment: the partner sees nothing of the student from now on."""
    await commands.end(tx, assignment_id, now)
