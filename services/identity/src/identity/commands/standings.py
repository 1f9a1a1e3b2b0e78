"""Partners' roles follow what onboarding says of the partner: the newest revision, for its two topics have no order between them."""

from datetime import datetime
from uuid import UUID

from chassis.database import Transaction
from contracts.people import Role

from identity.commands.people import grant_role
from identity.commands.roles import take_role

NEWER = """insert into partner_standing (user_id, revision) values (:id, :revision)
 on conflict (user_id) do update set revision = excluded.revision where partner_standing.revision < excluded.revision returning 1"""


async def activate(tx: Transaction, user_id: UUID, role: Role, revision: int) -> None:
    """Gives the role, unless something newer is known of the partner."""
    if await _is_newer(tx, user_id, revision):
        await grant_role(tx, user_id, role)


async def suspend(tx: Transaction, user_id: UUID, role: Role, revision: int, now: datetime) -> None:
    """Takes the role away and ends the person's sessions, unless something newer is known of the partner."""
    if await _is_newer(tx, user_id, revision):
        await take_role(tx, user_id, role, now)


async def _is_newer(tx: Transaction, user_id: UUID, revision: int) -> bool:
    return await tx.first(NEWER, {"id": user_id, "revision": revision}) is not None
