"""Passkeys: begun, registered, used to sign in, removed (WebAuthn)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction

from identity import passkeys, queries, tokens
from identity.commands import factors
from identity.commands.sessions import begin_session
from identity.domain import passkeys as domain
from identity.passkeys import NotProven, Site

TAKE = """delete from passkey_challenge where challenge = :challenge and expires_at > :now
 and user_id is not distinct from cast(:user as uuid) returning true"""
KNOWN = """select p.user_id, p.public_key, p.sign_count from passkey p join user_account u using (user_id)
 where p.credential_id = :id and u.status = 'active' for update of p"""
ADD = """insert into passkey (credential_id, user_id, public_key, sign_count, name, made_at)
 values (:id, :user, :key, :count, :name, :now) on conflict do nothing returning true"""


async def begin(tx: Transaction, user_id: UUID, site: Site, now: datetime) -> dict[str, Any]:
    """What a browser makes a passkey of. Raises SecondFactorNeeded or SignInAgain."""
    await factors.check_addable(tx, user_id, now)
    user = await queries.user(tx, user_id)
    known = [row.credential_id for row in await queries.passkeys(tx, user_id)]
    challenge, options = passkeys.registration(site, user_id, user.email, user.name, known)
    await _keep(tx, challenge, user_id, now)
    return options


async def register(
    tx: Transaction, user_id: UUID, name: str, credential: dict[str, Any], site: Site, now: datetime
) -> tuple[bytes, list[str] | None]:
    """Takes a new passkey into use; its id, and recovery codes where there were none.

    Raises PasskeyNotUsable, SecondFactorNeeded or SignInAgain.
    """
    await factors.lock(tx, user_id)
    await factors.check_addable(tx, user_id, now)
    try:
        _, challenge = passkeys.answered(credential)
        if not await tx.scalar(TAKE, {"challenge": challenge, "user": user_id, "now": now}):
            raise domain.PasskeyNotUsable
        passkey_id, key, count = passkeys.registered(site, credential, challenge)
    except NotProven as error:
        raise domain.PasskeyNotUsable from error
    if not await tx.scalar(ADD, {"id": passkey_id, "user": user_id, "key": key, "count": count, "name": name, "now": now}):
        raise domain.PasskeyNotUsable
    audit.record(tx, "passkey.register", "user", user_id, subject_id=user_id, after={"name": name})
    await factors.proven(tx, domain.METHODS)
    return passkey_id, await factors.first_recovery_codes(tx, user_id, now)


async def remove(tx: Transaction, user_id: UUID, passkey_id: bytes, *, required: bool) -> None:
    """Removes one's passkey. Raises PasskeyNotFound, LastFactor or SecondFactorNeeded."""
    await factors.lock(tx, user_id)
    await factors.check_changeable(tx, user_id)
    known = {"id": passkey_id, "user": user_id}
    name = await tx.scalar("delete from passkey where credential_id = :id and user_id = :user returning name", known)
    if name is None:
        raise domain.PasskeyNotFound
    await factors.check_removable(tx, user_id, required=required)
    audit.record(tx, "passkey.remove", "user", user_id, subject_id=user_id, before={"name": name})
    await factors.forget_codes_of_nothing(tx, user_id)


async def begin_sign_in(tx: Transaction, site: Site, now: datetime) -> dict[str, Any]:
    """What a browser asks any passkey of this site for."""
    challenge, options = passkeys.sign_in(site)
    await _keep(tx, challenge, None, now)
    return options


async def sign_in(tx: Transaction, credential: dict[str, Any], site: Site, now: datetime) -> tokens.Granted:
    """Begins a session of whose passkey answered. Raises PasskeyRefused, the same whatever is wrong."""
    try:
        passkey_id, challenge = passkeys.answered(credential)
        if not await tx.scalar(TAKE, {"challenge": challenge, "user": None, "now": now}):
            raise domain.PasskeyRefused
        known = await tx.first(KNOWN, {"id": passkey_id})
        if known is None:
            raise domain.PasskeyRefused
        count = passkeys.counted(site, credential, challenge, known.public_key, known.sign_count)
    except NotProven as error:
        raise domain.PasskeyRefused from error
    used = {"count": count, "now": now, "id": passkey_id}
    await tx.execute("update passkey set sign_count = :count, used_at = :now where credential_id = :id", used)
    return await begin_session(tx, known.user_id, now, domain.METHODS)


async def _keep(tx: Transaction, challenge: bytes, user_id: UUID | None, now: datetime) -> None:
    await tx.execute(
        "insert into passkey_challenge (challenge, user_id, expires_at) values (:challenge, :user, :expires)",
        {"challenge": challenge, "user": user_id, "expires": now + domain.CHALLENGE_FOR},
    )
