"""Payroll profiles."""

from typing import Annotated
from uuid import UUID

from chassis.http import OwnTransaction, Route
from chassis.pagination import Page, Paged, page
from chassis.sealing import Seal, seal
from fastapi import APIRouter, Depends, Header, Request, Response

from onboarding import queries
from onboarding.api.clock import Now
from onboarding.commands import payroll as commands
from onboarding.domain.payroll import NoPayrollProfile, PayrollProfileNotFound, etag
from onboarding.schemas.payroll import NumbersOut, PayrollIn, PayrollOut, RejectionIn, State

router = APIRouter(prefix="/v1", route_class=Route, tags=["payroll"])
IfMatch = Annotated[str, Header(max_length=100, description="The ETag of the profile as it was read")]


async def _seal(request: Request) -> Seal:
    return seal(request.app.state.context.settings.sealing_key, "tax and bank numbers")


Sealing = Annotated[Seal, Depends(_seal)]


@router.put("/payroll-profiles/me", operation_id="enterPayrollProfile")
async def enter(body: PayrollIn, tx: OwnTransaction, sealing: Sealing, now: Now, answer: Response) -> PayrollOut:
    """Enter one's own payroll profile, or enter it anew; it waits for a payroll admin then."""
    await commands.enter(tx, body, sealing, now)
    return await own(tx, answer)


@router.get("/payroll-profiles/me", operation_id="getOwnPayrollProfile")
async def own(tx: OwnTransaction, answer: Response) -> PayrollOut:
    """One's own payroll profile, with the last four digits of each number."""
    if found := await queries.payroll.profile(tx, tx.principal.user_id):
        answer.headers["ETag"] = etag(found.revision)
        return PayrollOut.of(found)
    raise NoPayrollProfile


@router.get("/payroll-profiles", operation_id="listPayrollProfiles")
async def profiles(tx: OwnTransaction, paging: Paged, state: State | None = None) -> Page[PayrollOut]:
    """Everyone's payroll profiles, with the last four digits of each number."""
    return page(await queries.payroll.profiles(tx, state, paging), paging, shown=PayrollOut.of, key=lambda row: [row.user_id])


@router.get("/payroll-profiles/{user_id}", operation_id="getPayrollProfile")
async def profile(user_id: UUID, tx: OwnTransaction, answer: Response) -> PayrollOut:
    """One's own payroll profile; administrators and payroll admins see everyone's. The ETag is for a decision."""
    if found := await queries.payroll.profile(tx, user_id):
        answer.headers["ETag"] = etag(found.revision)
        return PayrollOut.of(found)
    raise PayrollProfileNotFound


@router.get("/payroll-profiles/{user_id}/numbers", operation_id="getPayrollNumbers")
async def numbers(user_id: UUID, tx: OwnTransaction, sealing: Sealing, answer: Response) -> NumbersOut:
    """Tax and bank numbers in clear, for payroll admins alone; each reading stands in the audit trail."""
    found, opened = await commands.read_numbers(tx, user_id, sealing)
    answer.headers["ETag"] = etag(found.revision)
    return NumbersOut.of(user_id, opened)


@router.post("/payroll-profiles/{user_id}/approval", operation_id="approvePayrollProfile")
async def approve(user_id: UUID, if_match: IfMatch, tx: OwnTransaction, now: Now, answer: Response) -> PayrollOut:
    """Approve a payroll profile as it was read, never one's own."""
    await commands.decide(tx, user_id, "active", None, if_match, now)
    return await profile(user_id, tx, answer)


@router.post("/payroll-profiles/{user_id}/rejection", operation_id="rejectPayrollProfile")
async def reject(user_id: UUID, body: RejectionIn, if_match: IfMatch, tx: OwnTransaction, now: Now, answer: Response) -> PayrollOut:
    """Reject a payroll profile as it was read, never one's own; its owner reads why and may enter it anew."""
    await commands.decide(tx, user_id, "rejected", body.reason, if_match, now)
    return await profile(user_id, tx, answer)
