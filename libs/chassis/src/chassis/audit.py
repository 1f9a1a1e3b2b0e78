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
from chassis.outbox import Publishable, publish
from chassis.telemetry import current_trace_id

log = structlog.get_logger()
all_sealed_at = Gauge("audit_all_sealed_timestamp_seconds", "When no audit entry was left unsealed, as Unix time; 0 where nothing seals")
GENESIS = "0" * 64
SEAL_EVERY, SEAL_BATCH = 0.5, 1000
FIELDS = (
    "id", "at", "actor", "actor_kind", "action", "object_type", "object_id", "subject_id",
    "ip", "user_agent", "request_id", "trace_id", "before", "after",
)  # fmt: skip

COLUMNS = ", ".join(FIELDS).replace("before, after", "before::text as before, after::text as after")


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

    Secrets, tax and bank numbers do not belong into `before` and `after`.
    """
    tx.audits.append(
        {
            "actor": tx.principal.name,
            "actor_kind": tx.principal.kind,
            "action": action,
            "object_type": object_type,
            "object_id": str(object_id),
            "subject_id": str(subject_id) if subject_id else None,
            "ip": tx.caller.ip,
            "user_agent": tx.caller.user_agent,
            "request_id": tx.caller.request_id,
            "trace_id": current_trace_id(),
            "before": json.dumps(before, default=str) if before is not None else None,
            "after": json.dumps(after, default=str) if after is not None else None,
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
    """The hash of an entry at a position: SHA-256 over the previous hash, the position and the entry as canonical JSON."""
    told = {name: _plain(entry[name]) for name in FIELDS}
    body = json.dumps([previous, position, told], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, UUID) else value


async def seal(tx: Transaction, event_of: EventOf | None = None) -> int:
    """Seals what is not sealed yet, in id order, up to a batch; publishes each with `event_of`. Returns how many."""
    await tx.execute("select pg_advisory_xact_lock(hashtext('audit seal'))")
    head = await tx.first("select position, hash from audit_entry where position is not null order by position desc limit 1")
    position, previous = (head.position, head.hash) if head else (0, GENESIS)
    found = await tx.all(f"select {COLUMNS} from audit_entry where position is null order by id limit {SEAL_BATCH}")
    sealed = []
    for row in found:
        entry = dict(row._mapping)
        position += 1
        previous = link(previous, position, entry)
        sealed.append(Sealed(position, previous, entry))
    if sealed:
        driver = await tx.driver()
        await driver.execute(
            "update audit_entry a set position = s.position, hash = s.hash from unnest($1::bigint[], $2::bigint[], $3::text[]) "
            "as s (id, position, hash) where a.id = s.id",
            [each.entry["id"] for each in sealed], [each.position for each in sealed], [each.hash for each in sealed],
        )  # fmt: skip
    for each in sealed if event_of else ():
        publish(tx, event_of(tx.service, each))  # type: ignore[misc]
    return len(sealed)


@dataclass(frozen=True)
class Verification:
    """What checking the chain found. `broken_at` is the first position that does not fit, None when all do."""

    entries: int
    head: str
    unsealed: int
    broken_at: int | None = None
    reason: str | None = None


async def verify(tx: Transaction, *, known_head: tuple[int, str] | None = None) -> Verification:
    """Recomputes the whole chain. `known_head`, (position, hash) from an event, also finds a truncated or rewritten chain."""
    previous, count = GENESIS, 0
    unsealed = await tx.scalar("select count(*) from audit_entry where position is null")
    while rows := await tx.all(
        f"select position, hash, {COLUMNS} from audit_entry where position > :after order by position limit 5000",
        {"after": count},
    ):
        for row in rows:
            if row.position != count + 1:
                return Verification(count, previous, unsealed, count + 1, "an entry is missing")
            if row.hash != link(previous, row.position, dict(row._mapping)):
                return Verification(count, previous, unsealed, row.position, "the entry was changed, inserted or moved")
            previous, count = row.hash, row.position
            if known_head and known_head[0] == count and known_head[1] != previous:
                return Verification(count, previous, unsealed, count, "the chain was rewritten: another head was published")
    if known_head and known_head[0] > count:
        return Verification(count, previous, unsealed, count + 1, "the tail was cut off")
    return Verification(count, previous, unsealed)


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
