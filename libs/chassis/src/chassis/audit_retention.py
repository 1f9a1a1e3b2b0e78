"""Dropping whole months of the audit trail, so that what is kept can be verified as before (SPEC 3.10)."""

from dataclasses import dataclass
from datetime import date

import asyncpg

from chassis import months
from chassis.audit import SEAL_LOCK
from chassis.errors import Conflict

TABLE = "audit_entry"
DROPPED = "audit.drop"
"""The action of the entry that says so; its `after` names the positions of which only the hashes are left."""
SAY = f"""insert into audit_entry (actor, actor_kind, action, object_type, object_id, after)
 select 'owner', 'owner', '{DROPPED}', 'audit', $1,
   jsonb_build_object('before', $1::text, 'anchors', coalesce(jsonb_agg(position order by position), '[]'))
 from audit_anchor"""
# A month that is kept may hold entries that were sealed before the last ones of the month before it.
ANCHOR = """insert into audit_anchor (position, hash) select position, hash from audit_entry
 where position = $1 or (position > $1 and at < '{begins}') on conflict do nothing"""


class NothingToDrop(Conflict):
    """No whole month lies before the one named."""


class StillWritten(Conflict):
    """The months that would be dropped are not over."""


class NotSealedYet(Conflict):
    """An entry of these months is not sealed."""


@dataclass(frozen=True)
class Dropped:
    """What was dropped: how many months, and the last position before those that are kept."""

    months: int
    position: int


async def drop(owner_url: str, first: date, today: date) -> Dropped:
    """Drops the months before `first`, as the database's owner, and says so in the trail, all or nothing.

    What stays behind is the hash of the last entry, from which the chain goes on. Raises NothingToDrop, StillWritten or NotSealedYet.
    """
    if first > today:
        raise StillWritten(f"The months before {first:%Y-%m} are not over. Name this month or an earlier one.")
    owner = await asyncpg.connect(owner_url, timeout=10)
    try:
        async with owner.transaction():
            return await _drop(owner, first)
    finally:
        await owner.close()


async def _drop(owner: asyncpg.Connection, first: date) -> Dropped:
    await owner.execute(SEAL_LOCK)
    names = await months.before(owner, TABLE, first)
    if not names:
        raise NothingToDrop(f"The trail has no whole month before {first:%Y-%m}. Name a later one, or do nothing.")
    begins = f"{first} 00:00Z"
    if await owner.fetchval(f"select exists (select from {TABLE} where at < '{begins}' and position is null)"):
        raise NotSealedYet("Some entries of these months are not sealed yet. Start the service, wait a second, then drop them.")
    last = await _last(owner, begins)
    await owner.execute("delete from audit_anchor where position < $1", last)
    await owner.execute(ANCHOR.format(begins=begins), last)
    for name in names:
        await owner.execute(f"drop table {name}")
    await owner.execute(SAY, f"{first:%Y-%m}")
    return Dropped(len(names), last)


async def _last(owner: asyncpg.Connection, begins: str) -> int:
    """The position right before the first entry that is kept; the last of all where none is."""
    found = "select coalesce((select min(position) - 1 from audit_entry where at >= '{0}'), (select max(position) from audit_entry), 0)"
    return int(await owner.fetchval(found.format(begins)))
