"""Sign-ins that wait for a second factor, and what answers them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.sealing import Seal

from identity import factors, queries, tokens
from identity.commands.sessions import begin_session, check_fresh
from identity.domain import factors as domain
from identity.domain.people import kind_of

LOCK = "select pg_advisory_xact_lock(hashtext('second factor ' || :id))"
THERE = """select exists (select from totp where user_id = :id and confirmed_at is not null) as totp,
 exists (select from passkey where user_id = :id) as passkey,
 exists (select from recovery_code where user_id = :id and used_at is null) as recovery_code"""
FAILURES = "select coalesce(sum(failures), 0) from sign_in_challenge where user_id = :id and begun_at > :since"
USE_STEP = "update totp set last_step = :step where user_id = :id and confirmed_at is not null and last_step < :step returning true"
USE_CODE = "update recovery_code set used_at = :now where code_hash = :hash and user_id = :id and used_at is null returning true"


async def lock(tx: Transaction, user_id: UUID) -> None:
    """Waits for whoever else works on this person's factors."""
    await tx.execute(LOCK, {"id": str(user_id)})


async def there(tx: Transaction, user_id: UUID) -> frozenset[str]:
    """The person's second factors by name, `recovery_code` among them; none where nothing but a code is left."""
    found = await tx.first(THERE, {"id": user_id})
    names = frozenset(name for name, is_there in (found._mapping.items() if found else ()) if is_there)
    return names if names - {"recovery_code"} else frozenset()


async def challenge(tx: Transaction, user_id: UUID, now: datetime) -> str:
    """A challenge for somebody whose password was right, good once and for CHALLENGE_FOR."""
    token, token_hash = tokens.refresh_token()
    await tx.execute(
        "insert into sign_in_challenge (challenge_hash, user_id, begun_at, expires_at) values (:hash, :id, :now, :expires)",
        {"hash": token_hash, "id": user_id, "now": now, "expires": now + domain.CHALLENGE_FOR},
    )
    return token


async def withdraw_challenges(tx: Transaction, user_id: UUID, now: datetime) -> None:
    """The password that they stand for is none any more; their wrong codes go on to count."""
    await tx.execute("update sign_in_challenge set used_at = :now where user_id = :id and used_at is null", {"id": user_id, "now": now})


async def answer(tx: Transaction, user_id: UUID, token: str, code: str, seal: Seal, now: datetime) -> tokens.Granted | None:
    """Begins the session that the challenge stands for; None for a wrong code, which counts and stands although it is refused.

    Raises ChallengeOver or TooManyCodes.
    """
    await lock(tx, user_id)
    known = {"hash": tokens.hash_of(token), "id": user_id, "now": now}
    found: Any = await tx.first("select used_at, expires_at from sign_in_challenge where challenge_hash = :hash and user_id = :id", known)
    if found is None or not domain.is_open(used_at=found.used_at, expires_at=found.expires_at, now=now):
        raise domain.ChallengeOver
    domain.check_tries(await tx.scalar(FAILURES, {"id": user_id, "since": now - domain.TRIES_WITHIN}))
    method = await _used(tx, user_id, code, seal, now)
    if method is None:
        await tx.execute("update sign_in_challenge set failures = failures + 1 where challenge_hash = :hash", known)
        audit.record(tx, "second-factor.refuse", "user", user_id, subject_id=user_id)
        return None
    await tx.execute("update sign_in_challenge set used_at = :now where challenge_hash = :hash", known)
    return await begin_session(tx, user_id, now, (domain.PASSWORD, method, domain.MULTIPLE))


async def _used(tx: Transaction, user_id: UUID, code: str, seal: Seal, now: datetime) -> str | None:
    """How the code proves who it is, used up by that; None for one that proves nothing."""
    row = await tx.first("select sealed_secret from totp where user_id = :id and confirmed_at is not null", {"id": user_id})
    step = factors.totp_step(seal.open(row.sealed_secret), code.strip(), now) if row else None
    if step is not None:
        return domain.OTP if await tx.scalar(USE_STEP, {"step": step, "id": user_id}) else None
    if await tx.scalar(USE_CODE, {"now": now, "hash": factors.recovery_hash(code), "id": user_id}):
        audit.record(tx, "recovery-code.use", "user", user_id, subject_id=user_id)
        return domain.RECOVERY
    return None


async def check_changeable(tx: Transaction, user_id: UUID) -> None:
    """Raises SecondFactorNeeded where a factor is there and the acting session was begun without one."""
    methods = await tx.scalar("select methods from session where session_id = cast(:id as uuid)", {"id": tx.principal.session})
    domain.check_changeable(bool(await there(tx, user_id)), methods or ())


async def check_addable(tx: Transaction, user_id: UUID, now: datetime) -> None:
    """As `check_changeable`; and raises SignInAgain where no factor is there and the acting session is not fresh."""
    await check_changeable(tx, user_id)
    if not await there(tx, user_id):
        await check_fresh(tx, tx.principal, now)


async def check_removable(tx: Transaction, user_id: UUID, *, required: bool) -> None:
    """Raises LastFactor where somebody who needs a second factor is left with none."""
    user = await queries.user(tx, user_id)
    if domain.must_enroll(kind_of(user.roles), (), required=required) and not await there(tx, user_id):
        raise domain.LastFactor


async def proven(tx: Transaction, methods: Sequence[str]) -> None:
    """Notes that the acting session has proven a second factor by enrolling it; its next access token says so."""
    await tx.execute(
        """update session set methods = array(select distinct unnest(methods || cast(:more as text[])))
           where session_id = cast(:id as uuid)""",
        {"id": tx.principal.session, "more": list(methods)},
    )


async def forget_challenges(tx: Transaction, now: datetime) -> None:
    """Deletes challenges that count for nothing any more."""
    await tx.execute("delete from sign_in_challenge where expires_at < :since", {"since": now - domain.TRIES_WITHIN})
    await tx.execute("delete from passkey_challenge where expires_at < :now", {"now": now})


async def new_recovery_codes(tx: Transaction, user_id: UUID, now: datetime) -> list[str]:
    """Fresh recovery codes in the place of all that were there; nobody sees them again."""
    codes = factors.recovery_codes()
    await tx.execute("delete from recovery_code where user_id = :id", {"id": user_id})
    await tx.execute(
        "insert into recovery_code (code_hash, user_id, made_at) values (:hash, :id, :now)",
        [{"hash": factors.recovery_hash(code), "id": user_id, "now": now} for code in codes],
    )
    return codes


async def first_recovery_codes(tx: Transaction, user_id: UUID, now: datetime) -> list[str] | None:
    """Recovery codes for somebody who never had any; None for everybody else."""
    if await tx.first("select user_id from recovery_code where user_id = :id limit 1", {"id": user_id}):
        return None
    return await new_recovery_codes(tx, user_id, now)


async def forget_codes_of_nothing(tx: Transaction, user_id: UUID) -> None:
    """Deletes the recovery codes of somebody who has no second factor any more."""
    if not await there(tx, user_id):
        await tx.execute("delete from recovery_code where user_id = :id", {"id": user_id})


async def remove_all(tx: Transaction, user_id: UUID) -> None:
    """Removes every second factor of somebody who has lost theirs; the next sign-in takes the password alone."""
    await lock(tx, user_id)
    for table in ("totp", "passkey", "recovery_code", "sign_in_challenge"):
        await tx.execute(f"delete from {table} where user_id = :id", {"id": user_id})
    audit.record(tx, "second-factors.remove", "user", user_id, subject_id=user_id)
