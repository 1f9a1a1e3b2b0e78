"""What identity does: one function a use case; none commits."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.people import Role, UserChanged

from identity import domain, queries, tokens
from identity.schemas import SignUp

PRESENTED = """select t.used_at, t.expires_at, s.session_id, s.user_id, s.ended_at
 from refresh_token t join session s using (session_id) where t.token_hash = :hash for update of s, t"""
NEWEST_KEY = "select kid, private_jwk from signing_key order by created_at desc, kid limit 1"


async def sign_up(tx: Transaction, body: SignUp, password_hash: str, now: datetime) -> UUID:
    """Makes the account and says so. Raises EmailTaken."""
    user = await tx.first(
        """insert into user_account (email, name, phone, time_zone, created_at, changed_at)
           values (:email, :name, :phone, :time_zone, :now, :now) on conflict (lower(email)) do nothing returning *""",
        {"email": body.email, "name": body.name, "phone": body.phone, "time_zone": body.time_zone, "now": now},
    )
    if user is None:
        raise domain.EmailTaken
    await tx.execute(
        "insert into credential (user_id, password_hash, changed_at) values (:id, :hash, :now)",
        {"id": user.user_id, "hash": password_hash, "now": now},
    )
    audit.record(tx, "user.sign-up", "user", user.user_id, subject_id=user.user_id, after={"status": user.status})
    told = {name: getattr(user, name) for name in ("user_id", "revision", "status", "name", "email", "phone", "time_zone", "changed_at")}
    publish(tx, UserChanged(**told))
    return UUID(str(user.user_id))


async def grant_role(tx: Transaction, user_id: UUID, role: Role) -> None:
    """Gives the role; nothing happens if it is there. It is in the access tokens from the next sign-in or refresh on."""
    granted = await tx.first(
        "insert into user_role (user_id, role) values (:id, :role) on conflict do nothing returning role", {"id": user_id, "role": role}
    )
    if granted:
        audit.record(tx, "role.grant", "user", user_id, subject_id=user_id, after={"role": role})


async def make_admin(tx: Transaction, body: SignUp, password_hash: str, now: datetime) -> tuple[UUID, bool]:
    """Makes an administrator; gives the id, and whether it is new. Raises AccountIsNoAdmin rather than raising somebody's account."""
    if known := await queries.user_by_email(tx, body.email):
        if Role.ADMIN not in known.roles:
            raise domain.AccountIsNoAdmin
        return known.user_id, False
    user_id = await sign_up(tx, body, password_hash, now)
    await grant_role(tx, user_id, Role.ADMIN)
    return user_id, True


async def make_user(tx: Transaction, body: SignUp, password_hash: str, now: datetime) -> tuple[UUID, bool]:
    """Makes an account without roles; gives the id, and whether it is new."""
    if known := await queries.user_by_email(tx, body.email):
        return known.user_id, False
    return await sign_up(tx, body, password_hash, now), True


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


async def signing_key(tx: Transaction) -> Any:
    """The newest signing key (kid, private_jwk); the very first is made here, once, however many ask at the same time."""
    if found := await tx.first(NEWEST_KEY):
        return found
    await tx.execute("select pg_advisory_xact_lock(hashtext('signing key'))")
    if await tx.first(NEWEST_KEY) is None:
        kid, private_jwk = tokens.new_key()
        await tx.execute("insert into signing_key (kid, private_jwk) values (:kid, :jwk)", {"kid": kid, "jwk": private_jwk})
        audit.record(tx, "signing-key.make", "signing-key", kid)
    return await tx.first(NEWEST_KEY)


async def published_keys(tx: Transaction) -> dict[str, list[dict[str, Any]]]:
    """The JWKS of every key; makes the first if there is none."""
    await signing_key(tx)
    return tokens.published(await tx.all("select kid, private_jwk from signing_key order by created_at desc"))
