"""Files of hours: taken in, then worked on in chunks in the name of who sent them, each chunk with how far it came (SPEC 3.2)."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction, write_pending
from chassis.errors import Refusal
from chassis.idempotency import IdempotencyKeyReused

from compliance.commands import batches
from compliance.domain.hours import sources_of
from compliance.domain.imports import ImportEmpty, Mode, Outcome, Row
from compliance.queries import imports as queries
from compliance.schemas.imports import RowIn

BEGIN = """insert into hour_import (requested_by, kind, roles, client, mode, idempotency_key, content_hash, started_at)
 values (:by, :kind, :roles, :client, :mode, :key, :hash, :now) on conflict do nothing returning *"""
AGAIN = "select * from hour_import where requested_by = :by and idempotency_key = :key"
ADD = """insert into hour_import_row (import_id, line, requested_by, row)
 select :id, line, :by, row from unnest(cast(:lines as int[]), cast(:rows as text[])) as t (line, row) on conflict do nothing"""
SEAL = """update hour_import set state = 'waiting', total = (select count(*) from hour_import_row r where r.import_id = :id)
 where import_id = :id and state = 'receiving' returning total"""
CLAIM = "select * from hour_import where import_id = :id and state in ('waiting', 'checking', 'working') for update skip locked"
STEP = """update hour_import set state = :state, last_line = :line, done = done + :done, made = made + :made,
   repeated = repeated + :repeated, refused = refused + :refused, finished_at = :finished_at where import_id = :id"""
NOTE = """insert into hour_import_problem (import_id, line, requested_by, type, detail)
 select :id, p.line, :by, p.type, p.detail
 from unnest(cast(:lines as int[]), cast(:types as text[]), cast(:details as text[])) as p (line, type, detail) on conflict do nothing"""
CHUNK = 500


class SomethingRefused(Exception):
    """A row of an atomic import was refused: nothing of it is kept."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        super().__init__()
        self.outcomes = outcomes


async def begin(tx: Transaction, mode: Mode, content_hash: bytes, key: str | None, now: datetime) -> Any:
    """A new import, or the one that came under this key before. Raises IdempotencyKeyReused where that was another file."""
    who = tx.principal
    about = {"by": who.user_id, "kind": who.kind, "roles": sorted(who.roles), "client": who.client, "mode": mode, "hash": content_hash}
    row = await tx.first(BEGIN, about | {"key": key, "now": now})
    if row:
        audit.record(tx, "hours.import", "import", row.import_id, after={"mode": mode})
        return row
    before = await tx.first(AGAIN, {"by": who.user_id, "key": key})
    if before is None or before.content_hash != content_hash:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another file. Send a new key with the new file.")
    return before


async def add_rows(tx: Transaction, import_id: UUID, rows: Sequence[tuple[int, str]]) -> None:
    """Keeps rows of the file, JSON objects by their lines; those that are kept already stay."""
    lines, texts = [line for line, _ in rows], [row for _, row in rows]
    await tx.execute(ADD, {"id": import_id, "by": tx.principal.user_id, "lines": lines, "rows": texts})


async def seal(tx: Transaction, import_id: UUID) -> None:
    """The file is whole, and waits to be worked on. Raises ImportEmpty."""
    if await tx.scalar(SEAL, {"id": import_id}) == 0:
        raise ImportEmpty("There is no row in this file. Send at least one.")


async def claim(tx: Transaction, import_id: UUID) -> Any:
    """The import, locked until the transaction ends; None where somebody else works on it, or nothing is left to do."""
    return await tx.first(CLAIM, {"id": import_id})


async def check_chunk(tx: Transaction, found: Any, now: datetime) -> None:
    """Looks at the next rows of an atomic import without a lock: what is wrong with them shows before anything is held."""
    outcomes = await batches.decide_all(tx, await _next_rows(tx, found), now)
    await _note(tx, found, outcomes)
    over = len(outcomes) < CHUNK
    bad = found.refused + sum(each.refusal is not None for each in outcomes)
    state = "checking" if not over else "refused" if bad else "working"
    await _step(tx, found, outcomes, state, now, counted=False, line=0 if state == "working" else None)


async def work_chunk(tx: Transaction, found: Any, now: datetime) -> None:
    """Takes the next rows of a partial import into the ledger; those that are refused are noted."""
    rows = await _next_rows(tx, found)
    await batches.lock_students(tx, _enrollments(rows))
    outcomes = await batches.decide_all(tx, rows, now)
    await batches.record_all(tx, [each.entry for each in outcomes if each.entry], now)
    await _note(tx, found, outcomes)
    await _step(tx, found, outcomes, "working" if len(rows) == CHUNK else "done", now)


async def work_whole(tx: Transaction, found: Any, now: datetime) -> None:
    """Takes all rows of an atomic import into the ledger, under the locks of all its students. Raises SomethingRefused."""
    lines, enrollments = 0, set[UUID]()
    while rows := await _read(tx, found, lines):
        enrollments |= _enrollments(rows)
        lines = rows[-1].line
    await batches.lock_students(tx, enrollments)
    lines, made, repeated, refused = 0, 0, 0, list[Outcome]()
    while rows := await _read(tx, found, lines):
        outcomes = await batches.decide_all(tx, rows, now)
        await batches.record_all(tx, [each.entry for each in outcomes if each.entry], now)
        await _write_out(tx)
        refused += [each for each in outcomes if each.refusal]
        repeated += sum(each.repeated is not None for each in outcomes)
        made += sum(each.entry is not None for each in outcomes)
        lines = rows[-1].line
    if refused:
        raise SomethingRefused(refused)
    counts = {"done": 0, "made": made, "repeated": repeated, "refused": 0}
    await tx.execute(STEP, {"id": found.import_id, "state": "done", "line": lines, "finished_at": now, **counts})


async def refuse(tx: Transaction, found: Any, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Nothing of an atomic import was kept: notes why."""
    await _note(tx, found, outcomes)
    refused = {"done": 0, "made": 0, "repeated": 0, "refused": len(outcomes)}
    await tx.execute(STEP, {"id": found.import_id, "state": "refused", "line": found.last_line, "finished_at": now, **refused})


async def _write_out(tx: Transaction) -> None:
    """What was published and audited up to here goes to the database, under the locks that are held, and out of memory."""
    if tx.events or tx.audits:
        await write_pending(tx, notify=False)
        tx.events.clear()
        tx.audits.clear()


async def _next_rows(tx: Transaction, found: Any) -> list[Row]:
    return await _read(tx, found, found.last_line)


async def _read(tx: Transaction, found: Any, after: int) -> list[Row]:
    source = (sources_of(tx.principal)[1] or ("manual",))[0]
    rows = await queries.rows(tx, found.import_id, after, CHUNK)
    return [Row(row.line, RowIn.read(json.loads(row.row), source)) for row in rows]


def _enrollments(rows: Sequence[Row]) -> set[UUID]:
    return {row.asked.enrollment_id for row in rows if not isinstance(row.asked, Refusal)}


async def _note(tx: Transaction, found: Any, outcomes: Sequence[Outcome]) -> None:
    bad = [(each.line, each.refusal) for each in outcomes if each.refusal]
    if bad:
        told = {"types": [refusal.problem_type() for _, refusal in bad], "details": [refusal.sentence for _, refusal in bad]}
        await tx.execute(NOTE, {"id": found.import_id, "by": tx.principal.user_id, "lines": [line for line, _ in bad], **told})


async def _step(
    tx: Transaction, found: Any, outcomes: Sequence[Outcome], state: str, now: datetime, *, counted: bool = True, line: int | None = None
) -> None:
    refused = sum(each.refusal is not None for each in outcomes)
    repeated = sum(each.repeated is not None for each in outcomes)
    made = len(outcomes) - refused - repeated
    if line is None:
        line = outcomes[-1].line if outcomes else found.last_line
    counts = {"done": len(outcomes), "made": made * counted, "repeated": repeated * counted, "refused": refused}
    over = {"finished_at": now if state in ("done", "refused") else None}
    await tx.execute(STEP, {"id": found.import_id, "state": state, "line": line, **counts, **over})
