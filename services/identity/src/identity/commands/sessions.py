"""Sessions: begun by a sign-in, carried on by refresh tokens, ended."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction

from identity import queries, tokens
from identity.commands.keys import signing_key
from identity.domain import sessions as domain

PRESENTED = """select t.used_at, t.expires_at, s.session_id, s.user_id, s.ended_at
 from refresh_token t join session s using (session_id) where t.token_hash = :hash for update of s, t"""


async def begin_session(tx: Transaction, user_id: UUID, now: datetime) -> tokens.Granted:
    """Begins a session of the user, whose password was checked."""
    session_id = await tx.scalar(
        "insert into session (user_id, started_at) values (:id, :now) returning session_id", {"id": user_id, "now": now}
    )
    audit.record(tx, "session.begin", "session", session_id, subject_id=user_id)
    return await _grant(tx, await queries.user(tx, user_id), session_id, now)


async def refresh_session(tx: Transaction, token: str, now: datetime) -> tokens.Granted | None:
    """Exchanges a refresh token for the next one, with the roles of now; None when the session is over.

    A token that was used before was copied: the whole session ends, and that stands although the one who asks is refused.
    """
    found = await tx.first(PRESENTED, {"hash": tokens.hash_of(token)})
    if found is None:
        return None
    standing = domain.judge(used_at=found.used_at, expires_at=found.expires_at, ended_at=found.ended_at, now=now)
    if standing is domain.RefreshToken.REUSED:
        await _end(tx, found.session_id, "refresh token reused", now)
    user = await queries.user(tx, found.user_id)
    if standing is not domain.RefreshToken.GOOD or user.status != "active":
        return None
    await tx.execute("update refresh_token set used_at = :now where token_hash = :hash", {"now": now, "hash": tokens.hash_of(token)})
    return await _grant(tx, user, found.session_id, now)


async def end_session(tx: Transaction, session_id: str | None, now: datetime) -> None:
    """Signs out: the session's refresh tokens are worth nothing from now on. Nothing happens if it has ended."""
    if session_id is not None:
        await _end(tx, UUID(session_id), "signed out", now)


async def _end(tx: Transaction, session_id: UUID, because: str, now: datetime) -> None:
    ended = await tx.first(
        """update session set ended_at = :now, ended_because = :because where session_id = :id and ended_at is null
           returning user_id""",
        {"now": now, "because": because, "id": session_id},
    )
    if ended:
        audit.record(tx, "session.end", "session", session_id, subject_id=ended.user_id, after={"because": because})


async def _grant(tx: Transaction, user: Any, session_id: UUID, now: datetime) -> tokens.Granted:
    token, token_hash = tokens.refresh_token()
    await tx.execute(
        "insert into refresh_token (token_hash, session_id, issued_at, expires_at) values (:hash, :session, :now, :expires)",
        {"hash": token_hash, "session": session_id, "now": now, "expires": now + domain.REFRESH_FOR},
    )
    return tokens.Granted(user, await signing_key(tx), session_id, token)
