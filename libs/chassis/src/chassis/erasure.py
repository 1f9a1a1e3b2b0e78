"""Taking a person out of what the chassis keeps, in every service alike (SPEC 2, decision 14)."""

from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.principal import SYSTEM

# What is not sealed yet keeps its salt: its proof is made when it is sealed, of what is left. What an older build sealed stays.
# An entry of the system's that has an address was made by the person themself, before they were known: they signed up, or in.
TAKE_OUT = (
    f"""update audit_entry set ip = null, user_agent = null, origin_salt = case when position is null then origin_salt end
 where (actor = :name or actor = '{SYSTEM.name}' and subject_id = :id) and (position is null or origin_hash is not null)""",
    """update audit_entry set before = null, after = null, change_salt = case when position is null then change_salt end
 where subject_id = :id and (position is null or change_hash is not null)""",
    "update disclosure set ip = null, user_agent = null where reader_id = :id",
    # Whoever asked, an answer that names the person may say more of them.
    "delete from idempotency_key where principal = :name or position(convert_to(:name, 'UTF8') in body) > 0",
)


async def scrub(tx: Transaction, user_id: UUID) -> None:
    """Takes out what there is of the person: where from they did what, what their records were before and after, and kept answers.

    That somebody did something to something, and when, stays. The last step of a transaction that erases: it is noted, and what the
    transaction has noted before loses its origin too.
    """
    audit.record(tx, audit.ERASED, "person", user_id, subject_id=user_id)
    for entry in tx.audits:
        if entry["actor"] == str(user_id):
            entry |= {"ip": None, "user_agent": None}
    await tx.execute(audit.SEAL_LOCK)
    about = {"id": user_id, "name": str(user_id)}
    for statement in TAKE_OUT:
        await tx.execute(statement, {name: value for name, value in about.items() if f":{name}" in statement})


async def forget_events(tx: Transaction, topic: str, key: UUID) -> None:
    """Deletes the outbox's events of one key, told or not: no replay brings them back. What this transaction publishes stays."""
    await tx.execute("delete from outbox where topic = :topic and key = :key", {"topic": topic, "key": str(key)})
