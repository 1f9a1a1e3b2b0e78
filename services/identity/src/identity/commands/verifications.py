"""Email addresses that their owners showed to be theirs."""

from datetime import datetime
from uuid import UUID

from chassis import audit
from chassis.database import Transaction

from identity import queries
from identity.commands import mailed
from identity.domain.mailed import AddressVerified, Purpose, TooManyMails

VERIFIED = "update user_account set email_verified_at = :now where user_id = :id and email_verified_at is null returning user_id"


async def ask(tx: Transaction, user_id: UUID, now: datetime) -> None:
    """Sends the mail again. Raises AddressVerified or TooManyMails."""
    user = await queries.user(tx, user_id)
    if user.email_verified_at:
        raise AddressVerified
    if await mailed.sent_lately(tx, user_id, Purpose.VERIFICATION, now):
        raise TooManyMails
    await mailed.send(tx, user_id, Purpose.VERIFICATION, now)


async def complete(tx: Transaction, token: str, now: datetime) -> None:
    """The address of the token's owner is verified. Raises LinkNotUsable."""
    user_id = await mailed.use(tx, token, Purpose.VERIFICATION, now)
    await mailed.withdraw(tx, user_id, Purpose.VERIFICATION, now)
    await note_verified(tx, user_id, now)


async def note_verified(tx: Transaction, user_id: UUID, now: datetime) -> None:
    """Whoever read a mail to the address has it; nothing happens if that is known."""
    if await tx.first(VERIFIED, {"id": user_id, "now": now}):
        audit.record(tx, "email.verify", "user", user_id, subject_id=user_id)
