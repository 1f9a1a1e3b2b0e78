"""Verifying the chain: what was changed, deleted, put in, moved, cut off or written anew is found and told apart (SPEC 3.10)."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from chassis.audit import DETAILS, ERASED, GENESIS, SEALED_COLUMNS, link
from chassis.audit_heads import Heads
from chassis.audit_retention import DROPPED
from chassis.database import Transaction

READ_AT_ONCE = 1000
AFTER = f"select position, hash, {SEALED_COLUMNS} from audit_entry where position > :after order by position limit {READ_AT_ONCE}"

ERASURES = "select object_id from audit_entry where action = :action"
CONCERNS = {"origin": ("actor", "subject_id"), "change": ("subject_id",)}
"""Whose erasure takes which part out of an entry."""

MISSING = "an entry is missing: it was deleted"
CLOSED_UP = "an entry is missing: it was deleted, and those after it were moved up to close the gap"
CHANGED = "the entry was changed after it was sealed"
TAKEN_OUT = "details were taken out of the entry, and nobody was erased whom they concern"
INSERTED = "the entry was put in later: what was sealed here stands at {}"
MOVED = "the order was changed: what was sealed here stands at {}"
REWRITTEN = "the chain was written anew from here on: another hash was published for this position"
TWICE = "the chain was written anew: two hashes were published for this position"
CUT_OFF = "the tail was cut off: the chain was published up to {}"
SAID = f"select (after -> 'anchors')::text from audit_entry where action = '{DROPPED}' order by id desc limit 1"
UNSAID = "the entries up to here are gone, and none of those that are left says that just these were dropped"


@dataclass(frozen=True)
class Verification:
    """What checking the chain found. `broken_at` is the first position that does not fit, None when all do.

    `entries` fit, `head` is the hash of the last of them, those that were `dropped` before counted in.
    `compared`: how many published heads there were to compare with.
    """

    entries: int
    head: str
    unsealed: int
    compared: int
    broken_at: int | None = None
    reason: str | None = None
    dropped: int = 0


async def verify(tx: Transaction, heads: Heads | None = None) -> Verification:
    """Recomputes the whole chain and compares it with `heads`, which were read before; names the first link that is broken.

    Without heads, whoever owns the database can cut off the tail, or write the whole chain anew, and is not found.
    """
    heads = heads or Heads()
    unsealed = await tx.scalar("select count(*) from audit_entry where position is null")
    anchors = {row.position: row.hash for row in await tx.all("select position, hash from audit_anchor")}
    dropped = min(anchors, default=0)
    previous, count = anchors.get(dropped, GENESIS), dropped
    erased = {row.object_id for row in await tx.all(ERASURES, {"action": ERASED})}
    broken = await _unlike_anchors(tx, anchors, heads)
    if broken:
        return Verification(count, previous, unsealed, heads.count, *broken, dropped)
    async for row in _rows(tx, dropped):
        while row.position > count + 1 and count + 1 in anchors:
            previous, count = anchors[count + 1], count + 1
        if reason := await _misfit(tx, row, count + 1, previous, heads) or _unexplained(row, erased):
            broken = count + 1, reason
            break
        previous, count = row.hash, row.position
    if broken is None and heads.last > count:
        broken = count + 1, CUT_OFF.format(heads.last)
    if heads.twice and (broken is None or heads.twice <= broken[0]):
        broken = heads.twice, TWICE
    broken_at, reason = broken or (None, None)
    return Verification(count, previous, unsealed, heads.count, broken_at, reason, dropped)


async def _unlike_anchors(tx: Transaction, anchors: dict[int, str], heads: Heads) -> tuple[int, str] | None:
    """Why the chain does not go on from what was dropped before; None when it does, or nothing was."""
    for position, hashed in anchors.items():
        if (told := heads.at(position)) and told != hashed:
            return position, REWRITTEN
    said = await tx.scalar(SAID)
    return None if sorted(anchors) == (json.loads(said) if said else []) else (min(anchors, default=1), UNSAID)


async def _rows(tx: Transaction, after: int) -> AsyncIterator[Any]:
    """The sealed entries after a position, in order."""
    while rows := await tx.all(AFTER, {"after": after}):
        for row in rows:
            yield row
        after = rows[-1].position


async def _misfit(tx: Transaction, row: Any, position: int, previous: str, heads: Heads) -> str | None:
    """Why `row`, the next one that there is, does not belong at `position`; None when it does."""
    if row.position != position:
        return MISSING
    if row.hash != link(previous, position, dict(row._mapping)):
        return await _explain(tx, row, previous, heads)
    told = heads.at(position)
    return REWRITTEN if told and told != row.hash else None


def _unexplained(row: Any, erased: set[str]) -> str | None:
    """Why details that are missing from `row`, or that no hash covers, may not be; None when all is in order."""
    entry = row._mapping
    for part, names in DETAILS.items():
        if row.origin_hash is None or entry[f"{part}_salt"] is not None:
            continue
        if any(entry[name] is not None for name in names):
            return CHANGED
        if not erased & {str(entry[name]) for name in CONCERNS[part]}:
            return TAKEN_OUT
    return None


async def _explain(tx: Transaction, row: Any, previous: str, heads: Heads) -> str:
    """What was done to a row that does not fit its own hash. An entry that moved is looked for in the rest of the chain."""
    entry, before = dict(row._mapping), row.hash
    async for other in _rows(tx, row.position):
        true = link(previous, row.position, dict(other._mapping))
        if true in (row.hash, other.hash):
            # The row that stands here is sealed too if it fits right behind the one that was moved, or in that one's place.
            fits = {link(true, row.position + 1, entry), link(before, other.position, entry)}
            return (MOVED if fits & {row.hash, other.hash} else INSERTED).format(other.position)
        before = other.hash
    sealed_here = heads.at(row.position)
    return CLOSED_UP if sealed_here and row.hash == link(sealed_here, row.position + 1, entry) else CHANGED
