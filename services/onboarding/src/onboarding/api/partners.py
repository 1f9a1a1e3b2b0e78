"""Role packages, applications and their approval."""

from uuid import UUID

from chassis.http import OpenTransaction, OwnTransaction, Route, location
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Response

from onboarding import queries
from onboarding.api.clock import Now
from onboarding.commands import partners as commands
from onboarding.domain.partners import NotApplied, PartnerNotFound
from onboarding.schemas.partners import PartnerIn, PartnerOut, RolePackageOut, Status, SuspensionIn

router = APIRouter(prefix="/v1", route_class=Route, tags=["partners"])


@router.get("/role-packages", operation_id="listRolePackages")
async def role_packages(tx: OpenTransaction) -> Page[RolePackageOut]:
    """The roles that one can apply for. Needs no sign-in."""
    return Page(items=[RolePackageOut.of(row) for row in await queries.partners.role_packages(tx)])


@router.post("/partners", status_code=201, operation_id="applyAsPartner")
async def apply(body: PartnerIn, tx: OwnTransaction, now: Now, answer: Response) -> PartnerOut:
    """Apply for a partner's role."""
    await commands.apply(tx, body.wanted, now)
    answer.headers["Location"] = location("/v1/partners", tx.principal.user_id)
    return await own(tx)


@router.get("/partners", operation_id="listPartners")
async def partners(tx: OwnTransaction, paging: Paged, status: Status | None = None) -> Page[PartnerOut]:
    """Partners and applicants."""
    return page(await queries.partners.partners(tx, status, paging), paging, shown=PartnerOut.of, key=lambda row: [row.user_id])


@router.get("/partners/me", operation_id="getOwnPartner")
async def own(tx: OwnTransaction) -> PartnerOut:
    """One's own application."""
    if found := await queries.partners.partner(tx, tx.principal.user_id):
        return PartnerOut.of(found)
    raise NotApplied


@router.get("/partners/{user_id}", operation_id="getPartner")
async def partner(user_id: UUID, tx: OwnTransaction) -> PartnerOut:
    """One's own application; an administrator sees everyone's."""
    if found := await queries.partners.partner(tx, user_id):
        return PartnerOut.of(found)
    raise PartnerNotFound


@router.post("/partners/{user_id}/approval", operation_id="approvePartner")
async def approve(user_id: UUID, tx: OwnTransaction, now: Now) -> PartnerOut:
    """Approve an application, never one's own. Who has signed everything becomes active at once."""
    await commands.approve(tx, user_id, now)
    return await partner(user_id, tx)


@router.post("/partners/{user_id}/suspension", operation_id="suspendPartner")
async def suspend(user_id: UUID, body: SuspensionIn, tx: OwnTransaction, now: Now) -> PartnerOut:
    """Take an approved or active partner's role away until it is given back, never one's own. The partner reads the reason.

    Their sessions end; an access token that they hold already is good to its end, ten minutes at most.
    """
    await commands.suspend(tx, user_id, body.reason, now)
    return await partner(user_id, tx)


@router.delete("/partners/{user_id}/suspension", operation_id="reinstatePartner")
async def reinstate(user_id: UUID, tx: OwnTransaction, now: Now) -> PartnerOut:
    """Lift a suspension, never one's own. Who has signed everything is active at once."""
    await commands.reinstate(tx, user_id, now)
    return await partner(user_id, tx)
