"""`/v1/requirements` and `/v1/leaves`."""

from typing import Annotated
from uuid import UUID

from chassis.http import OwnTransaction, Route, location
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Header, Response

from compliance.api.clock import Now
from compliance.commands import leaves as leave_commands
from compliance.commands import requirements as commands
from compliance.domain.weeks import week_of
from compliance.queries import leaves, requirements
from compliance.schemas.requirements import (
    BulkRequirementIn,
    BulkRequirementOut,
    LeaveEndIn,
    LeaveIn,
    LeaveOut,
    RequirementIn,
    RequirementOut,
)

router = APIRouter(prefix="/v1", route_class=Route, tags=["requirements"])
IfMatch = Annotated[str, Header(max_length=100, description="The ETag of the requirement as it was read; `*` changes it in any case")]


@router.get("/requirements/{enrollment_id}", operation_id="getRequirement")
async def one(enrollment_id: UUID, tx: OwnTransaction, now: Now, answer: Response) -> RequirementOut:
    """What is asked of an enrollment this week, and what was and will be. The ETag is for a change."""
    history = await requirements.history(tx, enrollment_id)
    answer.headers["ETag"] = f'"{history[0].revision}"'
    return RequirementOut.of(history, week_of(await requirements.today(tx, enrollment_id, now)))


@router.put("/requirements/{enrollment_id}", operation_id="changeRequirement")
async def change(
    enrollment_id: UUID, body: RequirementIn, tx: OwnTransaction, now: Now, answer: Response, if_match: IfMatch = "*"
) -> RequirementOut:
    """Change what is asked from a week on; the present week's alerts follow at once, past weeks stay."""
    await commands.change(tx, enrollment_id, body.changes(), body.effective_from, if_match, now)
    return await one(enrollment_id, tx, now, answer)


@router.post("/requirements/bulk", operation_id="changeRequirements")
async def change_all(body: BulkRequirementIn, tx: OwnTransaction, now: Now) -> BulkRequirementOut:
    """Change what is asked of everyone in a program or a cohort, all or nobody."""
    whose = {"program_id": body.program_id, "cohort_id": body.cohort_id}
    enrollments, changed, week = await commands.change_all(tx, body.changes(), body.effective_from, now, **whose)
    return BulkRequirementOut(enrollments=enrollments, changed=changed, effective_from=week)


@router.post("/leaves", status_code=201, operation_id="approveLeave")
async def approve(body: LeaveIn, tx: OwnTransaction, now: Now, answer: Response) -> LeaveOut:
    """Approve leave: its days ask for nothing, in past weeks too."""
    leave = await leave_commands.approve(tx, body.enrollment_id, body.first_on, body.last_on, body.notes, now)
    answer.headers["Location"] = location("/v1/leaves", leave.leave_id)
    return LeaveOut.of(leave)


@router.get("/leaves", operation_id="listLeaves")
async def listed(tx: OwnTransaction, paging: Paged, enrollment_id: UUID | None = None) -> Page[LeaveOut]:
    """Leaves, latest first."""
    found = await leaves.leaves(tx, enrollment_id, paging)
    return page(found, paging, shown=LeaveOut.of, key=lambda leave: [leave.first_on, leave.leave_id])


@router.get("/leaves/{leave_id}", operation_id="getLeave")
async def one_leave(leave_id: UUID, tx: OwnTransaction) -> LeaveOut:
    """A leave."""
    return LeaveOut.of(await leaves.one(tx, leave_id))


@router.post("/leaves/{leave_id}/end", operation_id="endLeave")
async def end(leave_id: UUID, body: LeaveEndIn, tx: OwnTransaction, now: Now) -> LeaveOut:
    """Give a leave another last day."""
    return LeaveOut.of(await leave_commands.end(tx, leave_id, body.last_on, now))


@router.post("/leaves/{leave_id}/cancellation", operation_id="cancelLeave")
async def cancel(leave_id: UUID, tx: OwnTransaction, now: Now) -> LeaveOut:
    """Take a leave back, as if it had never been."""
    return LeaveOut.of(await leave_commands.cancel(tx, leave_id, now))
