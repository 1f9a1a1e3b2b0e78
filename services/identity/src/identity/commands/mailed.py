"""Links that come by mail: sent, used once, and forgotten wherever they were kept (decision 9)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import uuid_utils
from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.messages import MessageRequested

from identity import tokens
from identity.domain.mailed import GOOD_FOR, IN_AN_HOUR, LinkNotUsable, Purpose

KEEP = """insert into mailed_token (token_hash, user_id, purpose, message_id, issued_at, expires_at)
 values (:hash, :user, :purpose, :message, :now, :expires)"""
SENT_LATELY = "select count(*) from mailed_token where user_id = :user and purpose = :purpose and issued_at > :since"
USABLE = """token_hash = :hash and purpose = :purpose and used_at is null and expires_at > :now
 and exists (select from user_account u where u.user_id = mailed_token.user_id and u.status = 'active')"""
HOLDER = f"select u.user_id, u.email, u.name from mailed_token join user_account u using (user_id) where {USABLE}"
USE = f"update mailed_token set used_at = :now where {USABLE} returning user_id, message_id"
WITHDRAW = """update mailed_token set used_at = :now where user_id = :user and purpose = :purpose and used_at is null
 returning user_id, message_id"""
EXPIRED = "select user_id, message_id, token_hash from mailed_token where expires_at <= :now for update skip locked"
SCRUB = """update outbox set value = (value::jsonb #- '{data,token}')::text
 where topic = 'message.requested' and key = any(:users) and value::jsonb #>> '{message_id}' = any(:messages)"""


async def sent_lately(tx: Transaction, user_id: UUID, purpose: Purpose, now: datetime) -> bool:
    """Whether the person has had as many mails of that purpose as there may be in an hour."""
    about = {"user": user_id, "purpose": purpose, "since": now - timedelta(hours=1)}
    count: int = await tx.scalar(SENT_LATELY, about)
    return count >= IN_AN_HOUR


async def send(tx: Transaction, user_id: UUID, purpose: Purpose, now: datetime) -> None:
    """Asks for the mail with a fresh link. Only the token's hash is kept here; the event alone carries it, until `_scrub`."""
    token, token_hash = tokens.refresh_token()
    message_id, expires = UUID(str(uuid_utils.uuid7())), now + GOOD_FOR[purpose]
    about = {"hash": token_hash, "user": user_id, "purpose": purpose, "message": message_id, "now": now, "expires": expires}
    await tx.execute(KEEP, about)
    data: dict[str, Any] = {"token": token, "expires_at": expires.isoformat()}
    publish(tx, MessageRequested(revision=1, message_id=message_id, recipient_id=user_id, kind=purpose, data=data))
    audit.record(tx, f"{purpose}.send", "user", user_id, subject_id=user_id)


async def holder(tx: Transaction, token: str, purpose: Purpose, now: datetime) -> Any:
    """Whose usable token it is (user_id, email, name); it stays usable. Raises LinkNotUsable."""
    if found := await tx.first(HOLDER, {"hash": tokens.hash_of(token), "purpose": purpose, "now": now}):
        return found
    raise LinkNotUsable


async def use(tx: Transaction, token: str, purpose: Purpose, now: datetime) -> UUID:
    """Uses the token up and gives whose it is; of several at once one does. Raises LinkNotUsable."""
    used = await tx.first(USE, {"hash": tokens.hash_of(token), "purpose": purpose, "now": now})
    if used is None:
        raise LinkNotUsable
    await _scrub(tx, [used])
    return UUID(str(used.user_id))


async def withdraw(tx: Transaction, user_id: UUID, purpose: Purpose, now: datetime) -> None:
    """Makes the person's other links of that purpose worthless."""
    await _scrub(tx, await tx.all(WITHDRAW, {"user": user_id, "purpose": purpose, "now": now}))


async def forget(tx: Transaction, now: datetime) -> None:
    """Deletes tokens that have run out, wherever they are."""
    expired = await tx.all(EXPIRED, {"now": now})
    await _scrub(tx, expired)
    await tx.execute("delete from mailed_token where token_hash = any(:hashes)", {"hashes": [row.token_hash for row in expired]})


async def _scrub(tx: Transaction, rows: Iterable[Any]) -> None:
    """Takes the tokens out of the outbox: a replay then asks for a mail that was sent, or for one whose link has run out."""
    found = list(rows)
    if found:
        named = {"users": [str(row.user_id) for row in found], "messages": [str(row.message_id) for row in found]}
        await tx.execute(SCRUB, named)
