"""Roles of administrators and payroll admins."""

from uuid import UUID

from chassis.http import OwnTransaction, Route
from contracts.people import StaffRole
from fastapi import APIRouter

from identity.commands import roles as commands
from identity.doors import Now

router = APIRouter(prefix="/v1", route_class=Route)


@router.put("/users/{user_id}/roles/{role}", status_code=204, operation_id="grantRole")
async def grant(user_id: UUID, role: StaffRole, tx: OwnTransaction, now: Now) -> None:
    """Make somebody else an administrator or a payroll admin. Their sessions end: they sign in anew, with a second factor."""
    await commands.grant(tx, user_id, role, now)


@router.delete("/users/{user_id}/roles/{role}", status_code=204, operation_id="withdrawRole")
async def withdraw(user_id: UUID, role: StaffRole, tx: OwnTransaction, now: Now) -> None:
    """Withdraw that role from somebody else. Their sessions end, their access tokens as after `signOut`."""
    await commands.withdraw(tx, user_id, role, now)
