"""How much and how often one may ask: the size of a body, and so many requests a minute for each principal and each address (SPEC 3.10)."""

from ipaddress import IPv6Address, ip_address
from math import ceil

from throttled import MemoryStore, RateLimitResult, Throttled
from throttled.rate_limiter import per_min

from chassis.errors import TooMany
from chassis.principal import Principal

BODY_BYTES, UPLOAD_BYTES = 1 << 20, 32 << 20
"""The most that one request may bring, and the most where it may bring files; the gateway lets no more through either."""
REMEMBERED = 16_384
"""Principals, and addresses, that a process keeps count of: who asked longest ago is forgotten first."""


class RateLimited(TooMany):
    """More requests came in a minute than one principal, or one address, may send."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "Too many requests came at once. Wait for as long as Retry-After says, then go on more slowly.", retry_after=seconds
        )


class Rates:
    """Counts requests, for this process alone: by principal where a token proves one, else by address.

    `principal` and `address` are requests a minute; as many may come at once, and they come back evenly.
    """

    def __init__(self, principal: int, address: int) -> None:
        self._counts = {name: (each, _count(each)) for name, each in (("principal", principal), ("address", address))}

    def spend(self, who: Principal | None, ip: str | None) -> tuple[RateLimited | None, dict[str, str]]:
        """Counts a request: the refusal if it is one too many, and how many are left, as headers (draft-ietf-httpapi-ratelimit-headers)."""
        name, key = ("principal", who.name) if who else ("address", network(ip))
        quota, count = self._counts[name]
        counted: RateLimitResult = count.limit(key)
        left, full_in = counted.state.remaining, ceil(counted.state.reset_after)
        headers = {"RateLimit-Policy": f'"{name}";q={quota};w=60', "RateLimit": f'"{name}";r={left};t={full_in}'}
        return RateLimited(max(1, ceil(counted.state.retry_after))) if counted.limited else None, headers


def _count(a_minute: int) -> Throttled:
    return Throttled(using="gcra", quota=per_min(a_minute), store=MemoryStore(options={"MAX_SIZE": REMEMBERED}))


def network(ip: str | None) -> str:
    """What counts as one address: IPv4 as it is, IPv6 by its /64, which one subscriber has alone; text that is no address as it is."""
    try:
        address = ip_address(ip or "")
    except ValueError:
        return (ip or "unknown")[:100]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)
