"""Machine clients, their secrets, and the proof of one."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction

from identity import tokens
from identity.domain import clients as domain

PROVEN = """select c.client_id, c.scopes from client c join client_secret s using (client_id)
 where c.client_id = :id and s.secret_hash = :hash and s.revoked_at is null"""


async def make(tx: Transaction, name: str, scopes: Collection[str], now: datetime) -> UUID:
    """Makes a client that may ask for these scopes; it has no secret yet."""
    client_id: UUID = await tx.scalar(
        "insert into client (name, scopes, created_by, created_at) values (:name, :scopes, :by, :now) returning client_id",
        {"name": name, "scopes": sorted(scopes), "by": tx.principal.user_id, "now": now},
    )
    audit.record(tx, "client.make", "client", client_id, after={"name": name, "scopes": sorted(scopes)})
    return client_id


async def make_secret(tx: Transaction, client_id: UUID, now: datetime) -> tuple[UUID, str]:
    """Gives the client one more secret beside the one that it has: its id, and the secret, which nobody sees again.

    Raises ClientNotFound or TooManySecrets.
    """
    await tx.execute("select pg_advisory_xact_lock(hashtext('client ' || :id))", {"id": str(client_id)})
    if await tx.first("select client_id from client where client_id = :id", {"id": client_id}) is None:
        raise domain.ClientNotFound
    valid = "select count(secret_id) from client_secret where client_id = :id and revoked_at is null"
    domain.check_room_for_secret(await tx.scalar(valid, {"id": client_id}))
    secret, secret_hash = tokens.refresh_token()
    secret_id: UUID = await tx.scalar(
        "insert into client_secret (client_id, secret_hash, created_at) values (:id, :hash, :now) returning secret_id",
        {"id": client_id, "hash": secret_hash, "now": now},
    )
    audit.record(tx, "client.secret.make", "client", client_id, after={"id": secret_id})
    return secret_id, secret


async def revoke_secret(tx: Transaction, client_id: UUID, secret_id: UUID, now: datetime) -> None:
    """The secret gets no token any more; tokens that are out run to their end. Nothing happens if it was revoked before.

    Raises SecretNotFound.
    """
    known = {"client": client_id, "secret": secret_id}
    found = await tx.first("select revoked_at from client_secret where client_id = :client and secret_id = :secret", known)
    if found is None:
        raise domain.SecretNotFound
    if found.revoked_at is None:
        await tx.execute("update client_secret set revoked_at = :now where secret_id = :id", {"now": now, "id": secret_id})
        audit.record(tx, "client.secret.revoke", "client", client_id, after={"id": secret_id})


async def prove(tx: Transaction, client_id: UUID, secret: str, asked: str | None) -> frozenset[str]:
    """The scopes that the client's token gets. Raises OAuthRefusal."""
    found: Any = await tx.first(PROVEN, {"id": client_id, "hash": tokens.hash_of(secret)})
    if found is None:
        raise domain.client_refused()
    scopes = domain.granted_scopes(asked, found.scopes)
    audit.record(tx, "client.token", "client", client_id, after={"scopes": sorted(scopes)})
    return scopes
