"""Events in."""

from datetime import UTC, datetime

from chassis.database import Transaction
from chassis.inbox import Inbox
from contracts.onboarding import PartnerActivated, PartnerSuspended

from identity.commands import standings as commands
from identity.domain.people import check_grantable

inbox = Inbox("identity")


@inbox.on(PartnerActivated)
async def partner_activated(tx: Transaction, event: PartnerActivated) -> None:
    """Grants the partner's role. An administrator's role does not come this way: such an event is set aside."""
    check_grantable(event.role)
    await commands.activate(tx, event.user_id, event.role, event.revision)


@inbox.on(PartnerSuspended)
async def partner_suspended(tx: Transaction, event: PartnerSuspended) -> None:
    """Removes the partner's role, and no other: one that names an administrator's is set aside."""
    check_grantable(event.role)
    await commands.suspend(tx, event.user_id, event.role, event.revision, datetime.now(UTC))
