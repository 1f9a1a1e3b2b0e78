"""Events in."""

from chassis.database import Transaction
from chassis.inbox import Inbox
from contracts.onboarding import PartnerActivated

from identity import commands, domain

inbox = Inbox("identity")


@inbox.on(PartnerActivated)
async def partner_activated(tx: Transaction, event: PartnerActivated) -> None:
    """Grants the partner's role. An administrator's role does not come this way: such an event is set aside."""
    domain.check_grantable(event.role)
    await commands.grant_role(tx, event.user_id, event.role)
