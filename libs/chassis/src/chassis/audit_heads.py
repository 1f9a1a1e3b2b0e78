"""The heads of a chain as they were published on `audit.recorded`, out of reach of whoever owns the database (SPEC 3.10)."""

import json
import re
from collections.abc import AsyncIterator

from aiokafka.errors import KafkaError

from chassis.errors import Unavailable
from chassis.topics import records_of

TOPIC = "audit.recorded"
HASH_BYTES = 32
A_HASH = re.compile("[0-9a-f]{64}")
UNKNOWN = bytes(HASH_BYTES)
BLOCK = 4096


class HeadsOutOfReach(Unavailable):
    """Kafka does not answer, so the chain cannot be compared with what was published."""


class Heads:
    """Position -> hash of every head that was told, in 32 bytes each: a million of them are 32 MB, wherever they lie."""

    def __init__(self) -> None:
        self._blocks: dict[int, bytearray] = {}
        self.count, self.last = 0, 0
        self.twice: int | None = None
        """The first position for which two different hashes were told: no chain can fit both."""

    def tell(self, position: int, told: str) -> None:
        """Notes a head. Raises ValueError for what is no position or no SHA-256 in hexadecimal."""
        if position < 1 or not A_HASH.fullmatch(told):
            raise ValueError(f"{position}:{told} is not a head; a head is POSITION:HASH, in hexadecimal")
        block = self._blocks.setdefault(position // BLOCK, bytearray(BLOCK * HASH_BYTES))
        place = _place(position)
        if block[place] == UNKNOWN:
            block[place] = bytes.fromhex(told)
            self.count, self.last = self.count + 1, max(self.last, position)
        elif block[place] != bytes.fromhex(told):
            self.twice = min(position, self.twice or position)

    def at(self, position: int) -> str | None:
        """The hash that was told first for the position, or None."""
        block = self._blocks.get(position // BLOCK)
        return block[_place(position)].hex() if block and block[_place(position)] != UNKNOWN else None


def _place(position: int) -> slice:
    first = position % BLOCK * HASH_BYTES
    return slice(first, first + HASH_BYTES)


async def published(bootstrap: str, service: str) -> Heads:
    """Every head of the service's chain that the topic still holds. Raises HeadsOutOfReach.

    All of them, not only the newest: after a chain was rewritten and went on, the newest heads are those of the forged one.
    """
    heads = Heads()
    async for value in _records(bootstrap, service):
        try:
            body = json.loads(value)
            heads.tell(body["position"], body["hash"])
        except (ValueError, TypeError, KeyError):
            continue
    return heads


async def _records(bootstrap: str, service: str) -> AsyncIterator[bytes]:
    """What the service published on the topic up to now, in no order."""
    own = ("ce_source", service.encode())
    try:
        async for record in records_of(bootstrap, TOPIC):
            if own in record.headers:
                yield record.value or b""
    except (KafkaError, OSError) as error:
        raise HeadsOutOfReach(f"Kafka at {bootstrap} does not give the published heads ({error!r}). Try again when it is back.") from error
