"""The last requests that outside systems were asked, for tests to look at."""

from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

KEPT = 1000
_SECRET_PATH = "/milady/sso/"


@dataclass
class Exchange:
    """One request; `status` is None as long as it is not answered."""

    number: int
    at: str
    tenant: str | None
    method: str
    path: str
    query: str
    traceparent: str | None
    status: int | None = None


class Journal:
    """A ring of exchanges, numbered from 1 since the start of the process."""

    def __init__(self) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=KEPT)
        self._count = 0

    def begin(self, *, at: str, tenant: str | None, method: str, path: str, query: str, traceparent: str | None) -> Exchange:
        """Note a request that came in; the caller sets its `status` when it is answered."""
        # A launch address is a credential: it must not be readable here after it was used.
        shown = _SECRET_PATH + "{token}" if path.startswith(_SECRET_PATH) else path
        self._count += 1
        exchange = Exchange(self._count, at, tenant, method, shown, query, traceparent)
        self._exchanges.append(exchange)
        return exchange

    def last(self, limit: int) -> Sequence[dict[str, Any]]:
        """Give the newest exchanges, at most `limit`, oldest first."""
        newest = list(islice(reversed(self._exchanges), limit))
        return [asdict(exchange) for exchange in reversed(newest)]
