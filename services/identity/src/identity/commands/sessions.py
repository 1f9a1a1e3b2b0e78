"""Sessions: begun by a sign-in, carried on by refresh tokens, ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.auth import END_IN_THEIR_TIME
from chassis.database import Transaction
from chassis.principal import Principal

from identity import queries, tokens
from identity.domain import sessions as domain
from identity.domain.factors import PASSWORD
from identity.domain.people import kind_of

BEGIN = """insert into session (user_id, started_at, methods, last_used_at, ip, user_agent)
 values (:id, :now, :methods, :now, left(:ip, 100), :agent) returning session_id"""
USED = "update session set last_used_at = :now, ip = left(:ip, 100), user_agent = :agent where session_id = :id"
END = """update session set ended_at = :now, ended_because = :because where user_id = :user and ended_at is null
 and (cast(:only as uuid) is null or session_id = :only) and (cast(:but as uuid) is null or session_id <> :but)
 returning session_id"""
PRESENTED = """select t.used_at, t.expires_at, s.session_id, s.user_id, s.methods, s.ended_at
 from refresh_token t join session s using (session_id) where t.token_hash = :hash for update of s, t"""


async def begin_session(tx: Transaction, user_id: UUID, now: datetime, methods: Sequence[str] = (PASSWORD,)) -> tokens.Granted:
    """Begins a session of the user, who has proven by `methods` who they are. Raises SignInRefused for an account closed meanwhile."""
    about = {"id": user_id, "now": now, "methods": list(methods), "ip": tx.caller.ip, "agent": tx.caller.user_agent}
    session_id = await tx.scalar(BEGIN, about)
    audit.record(tx, "session.begin", "session", session_id, subject_id=user_id, after={"methods": list(methods)})
    # Read after the row is written, which waits for whoever closes the account at the same moment.
    user = await queries.user(tx, user_id)
    if user.status != "active":
        raise domain.SignInRefused
    return await _grant(tx, user, session_id, methods, now)


async def refresh_session(tx: Transaction, token: str, now: datetime) -> tokens.Granted | None:
    """Exchanges a refresh token for the next one, with the roles of now; None when the session is over.

    A token that was used before was copied: the whole session ends, and that stands although the one who asks is refused.
    """
    found = await tx.first(PRESENTED, {"hash": tokens.hash_of(token)})
    if found is None:
        return None
    standing = domain.judge(used_at=found.used_at, expires_at=found.expires_at, ended_at=found.ended_at, now=now)
    if standing is domain.RefreshToken.REUSED:
        await end_sessions(tx, found.user_id, "refresh token reused", now, only=found.session_id)
    user = await queries.user(tx, found.user_id)
    if standing is not domain.RefreshToken.GOOD or user.status != "active":
        return None
    await tx.execute("update refresh_token set used_at = :now where token_hash = :hash", {"now": now, "hash": tokens.hash_of(token)})
    used = {"now": now, "ip": tx.caller.ip, "agent": tx.caller.user_agent, "id": found.session_id}
    await tx.execute(USED, used)
    return await _grant(tx, user, found.session_id, found.methods, now)


async def end_session(tx: Transaction, session_id: UUID, now: datetime) -> None:
    """Ends one of the acting person's own sessions; nothing happens if it has ended. Raises SessionNotFound."""
    user_id = tx.principal.user_id
    if not await tx.first("select 1 from session where session_id = :id and user_id = :user", {"id": session_id, "user": user_id}):
        raise domain.SessionNotFound
    because = "signed out" if str(session_id) == tx.principal.session else "ended from another session"
    await end_sessions(tx, user_id, because, now, only=session_id)


async def check_fresh(tx: Transaction, who: Principal, now: datetime) -> None:
    """Raises SignInAgain unless the session of `who` is fresh."""
    domain.check_fresh(await tx.scalar("select started_at from session where session_id = cast(:id as uuid)", {"id": who.session}), now)


async def end_sessions(
    tx: Transaction, user_id: UUID, because: str, now: datetime, *, only: UUID | None = None, but: str | None = None
) -> None:
    """Ends the user's sessions, or `only` that one, or all `but` that one: their refresh tokens are worth nothing from now on."""
    about = {"user": user_id, "because": because, "now": now, "only": only, "but": but}
    for ended in await tx.all(END, about):
        audit.record(tx, "session.end", "session", ended.session_id, subject_id=user_id, after={"because": because})


async def _grant(tx: Transaction, user: Any, session_id: UUID, methods: Sequence[str], now: datetime) -> tokens.Granted:
    if kind_of(user.roles) not in END_IN_THEIR_TIME:
        await tx.execute("update session set watched = true where session_id = :id and not watched", {"id": session_id})
    token, token_hash = tokens.refresh_token()
    await tx.execute(
        "insert into refresh_token (token_hash, session_id, issued_at, expires_at) values (:hash, :session, :now, :expires)",
        {"hash": token_hash, "session": session_id, "now": now, "expires": now + domain.REFRESH_FOR},
    )
    return tokens.Granted(user, session_id, tuple(methods), token)
