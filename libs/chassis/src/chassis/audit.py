"""The audit trail: written in the change's own transaction, then sealed into a hash chain within a second (SPEC 3.10)."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from prometheus_client import Gauge

from chassis.database import Database, Transaction, is_transient
from chassis.masking import masked
from chassis.outbox import Publishable, publish
from chassis.telemetry import current_trace_id

log = structlog.get_logger()
all_sealed_at = Gauge("audit_all_sealed_timestamp_seconds", "When no audit entry was left unsealed, as Unix time; 0 where nothing seals")
GENESIS = "0" * 64
SEAL_EVERY, SEAL_BATCH = 0.5, 1000
SEAL_LOCK = "select pg_advisory_xact_lock(hashtext('audit seal'))"
"""Whoever holds it, until the transaction ends, is the only one who seals, drops or takes out entries."""
ERASED = "person.erase"
"""The action of an entry that lets details be missing from those about the same person."""
FIELDS = (
    "id", "at", "actor", "actor_kind", "action", "object_type", "object_id", "subject_id",
    "ip", "user_agent", "request_id", "trace_id", "before", "after",
)  # fmt: skip

HEAD = "select position, hash from {} where position is not null order by position desc limit 1"
DETAILS = {"origin": ("ip", "user_agent"), "change": ("before", "after")}
"""What may be taken out of a sealed entry: the chain holds a salted hash of each part in place of it (decision 14)."""
PROOFS = tuple(f"{part}_{what}" for part in DETAILS for what in ("salt", "hash"))
COLUMNS = ", ".join(FIELDS).replace("before, after", "before::text as before, after::text as after")
SEALED_COLUMNS = ", ".join((COLUMNS, *PROOFS))
SEAL = """update audit_entry a set position = s.position, hash = s.hash, origin_hash = s.origin, change_hash = s.change
 from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[]) as s (id, position, hash, origin, change) where a.id = s.id"""


def record(
    tx: Transaction,
    action: str,
    object_type: str,
    object_id: UUID | str,
    *,
    subject_id: UUID | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Notes who did what on what; `subject_id` is the person whom it concerns. It stands if and only if `tx` commits.

    `before` and `after` hold what the change turned into what. Fields that are named like secrets, tax or bank data stand masked;
    what a person wrote freely does not belong there. What was done to a person's records, and from where they did what, is taken out
    when they are erased; who did what on what, and when, stays.
    """
    tx.audits.append(
        {
            "actor": tx.principal.name,
            "actor_kind": tx.principal.actor_kind,
            "action": action,
            "object_type": object_type,
            "object_id": str(object_id),
            "subject_id": str(subject_id) if subject_id else None,
            "ip": tx.caller.ip,
            "user_agent": tx.caller.user_agent,
            "request_id": tx.caller.request_id,
            "trace_id": current_trace_id(),
            "before": json.dumps(masked(before), default=str) if before is not None else None,
            "after": json.dumps(masked(after), default=str) if after is not None else None,
        }
    )


@dataclass(frozen=True)
class Sealed:
    """One entry of the chain; `hash` covers the entry and everything before it."""

    position: int
    hash: str
    entry: dict[str, Any]


EventOf = Callable[[str, Sealed], Publishable]


def link(previous: str, position: int, entry: dict[str, Any]) -> str:
    """The hash of an entry at a position: SHA-256 over the previous hash, the position and the entry as canonical JSON.

    In place of its details stand their proofs. An entry that an older build sealed has none, and is hashed with its details.
    """
    told = {name: _plain(entry[name]) for name in FIELDS}
    if entry["origin_hash"] is not None:
        told = {name: told[name] for name in told if not any(name in names for names in DETAILS.values())} | proofs(entry)
    return _hashed([previous, position, told])


def proofs(entry: dict[str, Any]) -> dict[str, Any]:
    """The hash of each part of an entry's details; the one that was stored where the part was taken out, and its salt with it."""
    return {
        f"{part}_hash": entry[f"{part}_hash"]
        if entry[f"{part}_salt"] is None
        else _hashed([str(entry[f"{part}_salt"]), *(entry[name] for name in names)])
        for part, names in DETAILS.items()
    }


def _hashed(what: list[Any]) -> str:
    body = json.dumps(what, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, UUID) else value


async def seal(tx: Transaction, event_of: EventOf | None = None) -> int:
    """Seals what is not sealed yet, in id order, up to a batch; publishes each with `event_of`. Returns how many."""
    await tx.execute(SEAL_LOCK)
    head = await tx.first(HEAD.format("audit_entry")) or await tx.first(HEAD.format("audit_anchor"))
    position, previous = (head.position, head.hash) if head else (0, GENESIS)
    found = await tx.all(f"select {SEALED_COLUMNS} from audit_entry where position is null order by id limit {SEAL_BATCH}")
    sealed = []
    for row in found:
        entry = dict(row._mapping)
        entry |= proofs(entry)
        position += 1
        previous = link(previous, position, entry)
        sealed.append(Sealed(position, previous, entry))
    if sealed:
        driver = await tx.driver()
        await driver.execute(
            SEAL, [each.entry["id"] for each in sealed], [each.position for each in sealed], [each.hash for each in sealed],
            [each.entry["origin_hash"] for each in sealed], [each.entry["change_hash"] for each in sealed],
        )  # fmt: skip
    for each in sealed if event_of else ():
        publish(tx, event_of(tx.service, each))  # type: ignore[misc]
    return len(sealed)


class Sealer:
    """Seals the chain twice a second, whichever replica gets the lock."""

    def __init__(self, database: Database, event_of: EventOf | None) -> None:
        self.database, self.event_of = database, event_of

    async def run(self) -> None:
        """Runs until it is cancelled."""
        all_sealed_at.set_to_current_time()
        while True:
            try:
                async with self.database.transaction() as tx:
                    more = await seal(tx, self.event_of) == SEAL_BATCH
                if not more:
                    all_sealed_at.set_to_current_time()
            except Exception as error:
                if not is_transient(error):
                    log.exception("audit entries are not sealed")
                more = False
            if not more:
                await asyncio.sleep(SEAL_EVERY)
