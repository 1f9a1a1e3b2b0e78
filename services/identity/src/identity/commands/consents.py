"""Consents: given, and withdrawn."""

from datetime import datetime
from typing import Any

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.people import ConsentChanged, Purpose

from identity import queries
from identity.domain.consents import ConsentNotFound

GIVE = """insert into consent (user_id, purpose, given, wording, changed_at) values (:user, :purpose, true, :wording, :now)
 on conflict (user_id, purpose) do update set given = true, wording = excluded.wording, changed_at = excluded.changed_at,
   revision = consent.revision + 1 where not consent.given or consent.wording <> excluded.wording
 returning *"""
WITHDRAW = """update consent set given = false, changed_at = :now, revision = revision + 1
 where user_id = :user and purpose = :purpose and given returning *"""


async def give(tx: Transaction, purpose: Purpose, wording: str, now: datetime) -> Any:
    """The acting person consents to `wording`, the sentence that they were shown; the same again changes nothing. Gives the row."""
    about = {"user": tx.principal.user_id, "purpose": purpose, "wording": wording, "now": now}
    return await _changed(tx, await tx.first(GIVE, about), purpose)


async def withdraw(tx: Transaction, purpose: Purpose, now: datetime) -> Any:
    """The acting person does not consent any more; the same again changes nothing. Gives the row. Raises ConsentNotFound."""
    about = {"user": tx.principal.user_id, "purpose": purpose, "now": now}
    return await _changed(tx, await tx.first(WITHDRAW, about), purpose)


async def _changed(tx: Transaction, row: Any, purpose: Purpose) -> Any:
    if row is None:
        if found := await queries.consent(tx, tx.principal.user_id, purpose):
            return found
        raise ConsentNotFound
    after = {"purpose": purpose, "given": row.given, "wording": row.wording}
    audit.record(tx, "consent.change", "consent", f"{row.user_id}/{purpose}", subject_id=row.user_id, after=after)
    publish(tx, ConsentChanged(revision=row.revision, user_id=row.user_id, purpose=purpose, given=row.given, changed_at=row.changed_at))
    return row
