"""Authenticator apps (TOTP, RFC 6238) and the recovery codes that come with them."""

from datetime import datetime
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.sealing import Seal

from identity import factors, queries
from identity.commands.factors import (
    check_addable,
    check_changeable,
    check_removable,
    forget_codes_of_nothing,
    lock,
    new_recovery_codes,
    proven,
)
from identity.domain import factors as domain

BEGIN = """insert into totp (user_id, sealed_secret, begun_at) values (:id, :sealed, :now)
 on conflict (user_id) do update set sealed_secret = excluded.sealed_secret, begun_at = excluded.begun_at
 where totp.confirmed_at is null returning true"""


async def begin(tx: Transaction, user_id: UUID, seal: Seal, now: datetime) -> tuple[str, str]:
    """A new secret and its address for a QR code; it counts once it is confirmed. Raises TotpThere, SecondFactorNeeded or SignInAgain."""
    await lock(tx, user_id)
    await check_addable(tx, user_id, now)
    secret = factors.new_totp_secret()
    if not await tx.scalar(BEGIN, {"id": user_id, "sealed": seal.close(secret), "now": now}):
        raise domain.TotpThere
    audit.record(tx, "totp.begin", "user", user_id, subject_id=user_id)
    return secret, factors.totp_uri(secret, (await queries.user(tx, user_id)).email)


async def confirm(tx: Transaction, user_id: UUID, code: str, seal: Seal, now: datetime) -> list[str]:
    """Takes the app into use; gives the recovery codes, which nobody sees again. Raises TotpNotBegun, TotpThere or CodeWrong."""
    await lock(tx, user_id)
    row = await tx.first("select sealed_secret, confirmed_at from totp where user_id = :id", {"id": user_id})
    if row is None:
        raise domain.TotpNotBegun
    if row.confirmed_at is not None:
        raise domain.TotpThere
    step = factors.totp_step(seal.open(row.sealed_secret), code, now)
    if step is None:
        raise domain.CodeWrong
    known = {"now": now, "step": step, "id": user_id}
    await tx.execute("update totp set confirmed_at = :now, last_step = :step where user_id = :id", known)
    audit.record(tx, "totp.confirm", "user", user_id, subject_id=user_id)
    await proven(tx, (domain.OTP, domain.MULTIPLE))
    return await new_recovery_codes(tx, user_id, now)


async def remove(tx: Transaction, user_id: UUID, *, required: bool) -> None:
    """Removes the app, and the recovery codes with the last factor. Raises TotpNotFound, LastFactor or SecondFactorNeeded."""
    await lock(tx, user_id)
    await check_changeable(tx, user_id)
    if not await tx.scalar("delete from totp where user_id = :id returning true", {"id": user_id}):
        raise domain.TotpNotFound
    await check_removable(tx, user_id, required=required)
    audit.record(tx, "totp.remove", "user", user_id, subject_id=user_id)
    await forget_codes_of_nothing(tx, user_id)
