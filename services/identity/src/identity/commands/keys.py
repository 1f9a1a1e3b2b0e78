"""The keys that sign access tokens."""

from typing import Any

from chassis import audit
from chassis.database import Transaction

from identity import tokens

NEWEST_KEY = "select kid, private_jwk from signing_key order by created_at desc, kid limit 1"


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
