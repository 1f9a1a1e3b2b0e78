"""Attempts with passwords: counted before one is checked, so that many at once are no more than many in a row."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Transaction

from identity.domain.attempts import ACCOUNT, ADDRESS, RESETS, Limit, after_one

KNOWN_FOR = timedelta(days=90)
PLACE = "select 1 from sign_in_place where user_id = :user and network = :network and seen_at > :since"
SEEN = """insert into sign_in_place (user_id, network, seen_at) values (:user, :network, :now)
 on conflict (user_id, network) do update set seen_at = excluded.seen_at"""
LOCK = """insert into attempt (name, spent_until) values (:name, :now)
 on conflict (name) do update set spent_until = attempt.spent_until returning spent_until"""
SPEND = "update attempt set spent_until = :until where name = :name"
GIVE_BACK = "update attempt set spent_until = spent_until - cast(:every as interval) where name = :name"

Counted = list[tuple[bytes, Limit]]
"""What an attempt was counted under."""


async def begin(tx: Transaction, who: UUID | str, network: str, now: datetime) -> Counted:
    """Counts an attempt at the account of `who`, a person or an address that nobody has. Raises TooManySignIns, and counts nothing.

    Addresses that the owner signed in from are counted each for itself: whoever tries from elsewhere spends another count,
    and does not keep the owner out.
    """
    about = {"user": who if isinstance(who, UUID) else None, "network": network, "since": now - KNOWN_FOR}
    place = network if await tx.first(PLACE, about) else "elsewhere"
    counted = [(_name("account", str(who), place), ACCOUNT), (_name("address", network), ADDRESS)]
    await _spend(tx, counted, now)
    return counted


async def ask_for_reset(tx: Transaction, network: str, now: datetime) -> None:
    """Counts that a reset is asked for from an address. Raises TooManyResets."""
    await _spend(tx, [(_name("reset", network), RESETS)], now)


async def succeed(tx: Transaction, counted: Counted, user_id: UUID, network: str, now: datetime) -> None:
    """The password was right: the attempt does not count, and the person is known at this address for 90 days."""
    for name, limit in counted:
        await tx.execute(GIVE_BACK, {"name": name, "every": limit.every})
    await note_place(tx, user_id, network, now)


async def note_place(tx: Transaction, user_id: UUID, network: str, now: datetime) -> None:
    """The person showed who they are from this address."""
    await tx.execute(SEEN, {"user": user_id, "network": network, "now": now})


async def forget(tx: Transaction, now: datetime) -> None:
    """Deletes what counts no more."""
    await tx.execute("delete from attempt where spent_until < :now", {"now": now})
    await tx.execute("delete from sign_in_place where seen_at < :since", {"since": now - KNOWN_FOR})


async def _spend(tx: Transaction, counted: Counted, now: datetime) -> None:
    for name, limit in counted:
        spent = await tx.scalar(LOCK, {"name": name, "now": now})
        await tx.execute(SPEND, {"name": name, "until": after_one(spent, now, limit)})


def _name(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode()).digest()
