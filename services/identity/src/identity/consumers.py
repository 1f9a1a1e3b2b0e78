"""Events in."""

from chassis.database import Transaction
from chassis.inbox import Inbox
from contracts.onboarding import PartnerActivated

from identity.commands import people as commands
from identity.domain.people import check_grantable

inbox = Inbox("identity")


@inbox.on(PartnerActivated)
async def partner_activated(tx: Transaction, event: PartnerActivated) -> None:
    """Grants the partner's role. An administrator's role does not come this way: such an event is set aside."""
    check_grantable(event.role)
    await commands.grant_role(tx, event.user_id, event.role)
