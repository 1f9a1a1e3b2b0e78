"""Passwords that were forgotten."""

from datetime import datetime
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.limits import network

from identity import queries
from identity.commands import attempts, factors, mailed
from identity.commands.passwords import SET
from identity.commands.sessions import end_sessions
from identity.commands.verifications import note_verified
from identity.domain.mailed import Purpose

ASK = "insert into password_reset_request (email, asked_at) values (:email, :now) returning request_id"
TAKE = """delete from password_reset_request where request_id in
 (select request_id from password_reset_request order by request_id limit 100 for update skip locked) returning email"""


async def ask(tx: Transaction, email: str, now: datetime) -> None:
    """Notes that a reset was asked for. Whether anybody has the address is looked up later, so that the answer cannot tell.

    Raises TooManyResets.
    """
    await attempts.ask_for_reset(tx, network(tx.caller.ip), now)
    request_id = await tx.scalar(ASK, {"email": email.strip(), "now": now})
    audit.record(tx, "password-reset.ask", "password-reset", request_id)


async def send_asked(tx: Transaction, now: datetime) -> None:
    """Sends the mails that were asked for, to those who have an active account, and forgets the asking."""
    while asked := await tx.all(TAKE):
        for row in asked:
            user = await queries.user_by_email(tx, row.email)
            if user and user.status == "active" and not await mailed.sent_lately(tx, user.user_id, Purpose.RESET, now):
                await mailed.send(tx, user.user_id, Purpose.RESET, now)


async def complete(tx: Transaction, token: str, password_hash: str, now: datetime) -> UUID:
    """Sets the password of the token's owner, ends all sessions, and withdraws other links and sign-ins that wait for a second
    factor. Raises LinkNotUsable.

    Who got the mail has the address, so it counts as verified; and where they are, nobody elsewhere keeps them out (`attempts`).
    """
    user_id = await mailed.use(tx, token, Purpose.RESET, now)
    await tx.execute(SET, {"id": user_id, "hash": password_hash, "now": now})
    audit.record(tx, "password.reset", "user", user_id, subject_id=user_id)
    await mailed.withdraw(tx, user_id, Purpose.RESET, now)
    await factors.withdraw_challenges(tx, user_id, now)
    await note_verified(tx, user_id, now)
    await attempts.note_place(tx, user_id, network(tx.caller.ip), now)
    await end_sessions(tx, user_id, "password reset", now)
    return user_id
