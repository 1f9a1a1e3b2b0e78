"""Passwords."""

from chassis.http import Route
from fastapi import APIRouter

from identity.commands import passwords as commands
from identity.doors import Changing, Now

router = APIRouter(prefix="/v1", route_class=Route)


@router.put("/me/password", status_code=204, operation_id="changePassword")
async def change(changing: Changing, now: Now) -> None:
    """Change one's own password. One's other sessions end, and their access tokens as after `signOut`."""
    tx, password_hash, session_id = changing
    await commands.change(tx, tx.principal.user_id, password_hash, session_id, now)
