"""How often a password may be tried: a handful at once, then one every few minutes (SPEC 3.10)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.errors import TooMany


class TooManySignIns(TooMany):
    """Too many attempts failed, at this account or from this address; the same for accounts that are not there."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "Too many attempts to sign in failed. Wait until you may try again, or set a new password by mail.", retry_after=seconds
        )


class TooManyResets(TooMany):
    """Too many resets were asked for from one address, whoever they were for."""

    def __init__(self, seconds: int) -> None:
        super().__init__("Too many mails were asked for from here. Wait until you may ask again.", retry_after=seconds)


@dataclass(frozen=True)
class Limit:
    """`burst` at once, and one more each `every`: what was spent is forgotten at that pace, and nobody waits longer than it."""

    burst: int
    every: timedelta
    refusal: Callable[[int], TooMany] = TooManySignIns


ACCOUNT = Limit(10, timedelta(minutes=5))
"""Failures at one account from all addresses that its owner never used, and from each that they did use."""
ADDRESS = Limit(100, timedelta(seconds=30))
"""Failures from one address at all accounts: a school or an office shares one."""
RESETS = Limit(20, timedelta(minutes=1), TooManyResets)
"""Resets that are asked for from one address."""


KNOWN_FOR = timedelta(days=90)
"""How long a person is known at an address that they signed in from."""


def after_one(spent_until: datetime | None, now: datetime, limit: Limit) -> datetime:
    """Counts one attempt: until when what was spent lasts then. `spent_until` is what the one before gave, None before the first.

    Each attempt adds `every`; what lies further ahead than the burst allows is refused, by the limit's refusal.
    """
    spent = max(spent_until or now, now)
    wait = spent + limit.every - limit.burst * limit.every - now
    if wait > timedelta(0):
        raise limit.refusal(max(1, -(-wait // timedelta(seconds=1))))
    return spent + limit.every
