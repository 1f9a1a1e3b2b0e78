"""The keys that sign access tokens: made, published ahead of their use, sealed at rest, dropped after their last token."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from chassis import audit
from chassis.database import Transaction
from chassis.sealing import Seal

from identity import tokens
from identity.domain.keys import OVERLAP, is_over

LOCK = "select pg_advisory_xact_lock(hashtext('signing key'))"
SIGNING = "select kid, private_jwk from signing_key where signs_from <= :now order by signs_from desc, kid limit 1"
ALL = "select kid, private_jwk, public_jwk, signs_from from signing_key order by signs_from, kid"


async def signing_key(tx: Transaction, seal: Seal, now: datetime) -> tokens.SigningKey:
    """The key that signs at `now`; the very first is made here, once, however many ask at the same time. Raises SealBroken."""
    found = await tx.first(SIGNING, {"now": now})
    if found is None:
        await tx.execute(LOCK)
        found = await tx.first(SIGNING, {"now": now})
    if found is None:
        made = tokens.new_key()
        # Since before now: the clocks of other processes may be behind.
        await _keep(tx, made, seal, signs_from=now - OVERLAP)
        return made
    return tokens.SigningKey(found.kid, _opened(found.private_jwk, seal))


async def published_keys(tx: Transaction, seal: Seal, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """The JWKS of every key, those that do not sign yet or any more among them, the newest first; makes the first if there is none."""
    if not (rows := await tx.all(ALL)):
        await signing_key(tx, seal, now)
        rows = await tx.all(ALL)
    return tokens.published([row.public_jwk or row.private_jwk for row in reversed(rows)])


async def rotate(tx: Transaction, seal: Seal, now: datetime) -> tuple[str, datetime]:
    """Publishes a new key, which signs after OVERLAP; gives its id and since when. One that is waiting already is left as it is.

    On the way drops what is over, and seals all that is left anew. Raises SealBroken.
    """
    await drop_over(tx, now)
    await _seal_all(tx, seal)
    if waiting := await tx.first("select kid, signs_from from signing_key where signs_from > :now", {"now": now}):
        return waiting.kid, waiting.signs_from
    await signing_key(tx, seal, now)
    made = tokens.new_key()
    await _keep(tx, made, seal, signs_from=now + OVERLAP)
    return made.kid, now + OVERLAP


async def replace(tx: Transaction, seal: Seal, now: datetime) -> str:
    """Drops every key and makes one that signs at once: for keys that others may know, or that nobody can open any more."""
    await tx.execute(LOCK)
    for row in await tx.all(ALL):
        await _drop(tx, row.kid)
    made = tokens.new_key()
    await _keep(tx, made, seal, signs_from=now - OVERLAP)
    return made.kid


async def drop_over(tx: Transaction, now: datetime) -> None:
    """Drops the keys whose last token has ended."""
    await tx.execute(LOCK)
    rows = await tx.all(ALL)
    for row, successor in pairwise(rows):
        if is_over(successor.signs_from, now):
            await _drop(tx, row.kid)


async def _seal_all(tx: Transaction, seal: Seal) -> None:
    """Seals what an older build stored in the clear, and what another sealing key closed."""
    for row in await tx.all(ALL):
        jwk = _opened(row.private_jwk, seal)
        await tx.execute(
            "update signing_key set private_jwk = :sealed, public_jwk = :public where kid = :kid",
            {"sealed": seal.close(jwk), "public": tokens.public_part(jwk), "kid": row.kid},
        )


def _opened(stored: str, seal: Seal) -> str:
    """The private JWK. An older build stored it in the clear, as a JSON object."""
    return stored if stored.startswith("{") else seal.open(stored)


async def _keep(tx: Transaction, made: tokens.SigningKey, seal: Seal, *, signs_from: datetime) -> None:
    await tx.execute(
        "insert into signing_key (kid, private_jwk, public_jwk, signs_from) values (:kid, :sealed, :public, :signs_from)",
        {"kid": made.kid, "sealed": seal.close(made.jwk), "public": tokens.public_part(made.jwk), "signs_from": signs_from},
    )
    audit.record(tx, "signing-key.make", "signing-key", made.kid, after={"signs_from": signs_from.isoformat()})


async def _drop(tx: Transaction, kid: str) -> None:
    await tx.execute("delete from signing_key where kid = :kid", {"kid": kid})
    audit.record(tx, "signing-key.drop", "signing-key", kid)
