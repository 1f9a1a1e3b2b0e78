"""Attempts with passwords: counted before one is checked, so that many at once are no more than many in a row."""

import hashlib
from datetime import datetime
from uuid import UUID

from chassis.database import Transaction

from identity.domain.attempts import ACCOUNT, ADDRESS, KNOWN_FOR, RESETS, Limit, after_one

SEEN = """insert into sign_in_place (user_id, network, seen_at) values (:user, :network, :now)
 on conflict (user_id, network) do update set seen_at = excluded.seen_at"""
LOCK = """insert into attempt (name, spent_until)
 select name, :now from unnest(cast(:names as bytea[])) with ordinality as t (name, n) order by n
 on conflict (name) do update set spent_until = attempt.spent_until returning name, spent_until"""
SPEND = """update attempt a set spent_until = t.until
 from unnest(cast(:names as bytea[]), cast(:untils as timestamptz[])) as t (name, until) where a.name = t.name"""
SUCCEED = f"""with spent as (
   select a.name, t.every from unnest(cast(:names as bytea[]), cast(:every as interval[])) with ordinality as t (name, every, n)
   join attempt a using (name) order by n for update of a),
 seen as ({SEEN})
 update attempt a set spent_until = a.spent_until - s.every from spent s where a.name = s.name"""

Counted = list[tuple[bytes, Limit]]
"""What an attempt was counted under."""


async def begin(tx: Transaction, who: UUID | str, network: str, now: datetime, *, at_home: bool) -> Counted:
    """Counts an attempt at the account of `who`, a person or an address that nobody has. Raises TooManySignIns, and counts nothing.

    Addresses that the owner signed in from (`at_home`) are counted each for itself: whoever tries from elsewhere spends another count,
    and does not keep the owner out.
    """
    place = network if at_home else "elsewhere"
    counted = [(_name("account", str(who), place), ACCOUNT), (_name("address", network), ADDRESS)]
    await _spend(tx, counted, now)
    return counted


async def ask_for_reset(tx: Transaction, network: str, now: datetime) -> None:
    """Counts that a reset is asked for from an address. Raises TooManyResets."""
    await _spend(tx, [(_name("reset", network), RESETS)], now)


async def succeed(tx: Transaction, counted: Counted, user_id: UUID, network: str, now: datetime) -> None:
    """The password was right: the attempt does not count, and the person is known at this address for 90 days."""
    about = {"names": [name for name, _ in counted], "every": [limit.every for _, limit in counted]}
    await tx.execute(SUCCEED, about | {"user": user_id, "network": network, "now": now})


async def note_place(tx: Transaction, user_id: UUID, network: str, now: datetime) -> None:
    """The person showed who they are from this address."""
    await tx.execute(SEEN, {"user": user_id, "network": network, "now": now})


async def forget(tx: Transaction, now: datetime) -> None:
    """Deletes what counts no more."""
    await tx.execute("delete from attempt where spent_until < :now", {"now": now})
    await tx.execute("delete from sign_in_place where seen_at < :since", {"since": now - KNOWN_FOR})


async def _spend(tx: Transaction, counted: Counted, now: datetime) -> None:
    names = [name for name, _ in counted]
    spent = {row.name: row.spent_until for row in await tx.all(LOCK, {"names": names, "now": now})}
    await tx.execute(SPEND, {"names": names, "untils": [after_one(spent[name], now, limit) for name, limit in counted]})


def _name(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode()).digest()
