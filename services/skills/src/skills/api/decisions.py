"""Supervisors decide."""

from uuid import UUID

from chassis.http import OwnTransaction, Route
from fastapi import APIRouter

from skills.api.clock import Now
from skills.commands import decisions
from skills.queries import Filter
from skills.schemas import ApprovalIn, ApprovalsIn, ApprovalsOut, EntryOut, RejectionIn

router = APIRouter(prefix="/v1", route_class=Route, tags=["decisions"])


@router.post("/entries/{entry_id}/approval", operation_id="approveEntry")
async def approve_entry(entry_id: UUID, tx: OwnTransaction, now: Now, body: ApprovalIn | None = None) -> EntryOut:
    """Approve a submitted service: it counts towards its quota."""
    return EntryOut.of(await decisions.approve(tx, entry_id, body.supervisor_rating if body else None, now))


@router.post("/entries/{entry_id}/rejection", operation_id="rejectEntry")
async def reject_entry(entry_id: UUID, body: RejectionIn, tx: OwnTransaction, now: Now) -> EntryOut:
    """Reject a submitted service and say what to do better; the student can correct it and submit it again."""
    return EntryOut.of(await decisions.reject(tx, entry_id, body.feedback, now))


@router.post("/approvals", operation_id="approveAll")
async def approve_all(body: ApprovalsIn, tx: OwnTransaction, now: Now) -> ApprovalsOut:
    """Approve all submitted services that fit, each by itself; those without an after photo stay for review."""
    return ApprovalsOut.of(*await decisions.approve_all(tx, Filter(**body.model_dump()), now))
