"""Faults that are switched on by hand: what they are, and whom they strike. Held in memory only (SPEC 3.4)."""

import asyncio
import math
import random
import time
from fnmatch import fnmatchcase
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, PositiveInt, model_validator

Milliseconds = Annotated[FiniteFloat, Field(ge=0, le=600_000)]
ErrorStatus = Annotated[int, Field(ge=400, le=599)]


class NextFault(BaseModel):
    """Strikes the next `count` requests whose path, or `METHOD path`, fits the shell pattern `path`.

    `status` answers that status; `hold` waits `seconds`, then answers 504; neither does the work that was asked for.
    `late` does the work and waits `seconds` before it answers; `malformed` does the work and answers with half of the body.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["status", "hold", "late", "malformed"]
    count: PositiveInt = 1
    path: str = "*"
    status: ErrorStatus = 500
    seconds: Annotated[FiniteFloat, Field(ge=0, le=3600)] = 60


class FaultSettings(BaseModel):
    """All faults at once; the defaults are an outside system in good health."""

    model_config = ConfigDict(extra="forbid")

    down: bool = False
    latency_ms: Milliseconds | tuple[Milliseconds, Milliseconds] = 0
    requests_per_second: Annotated[FiniteFloat, Field(gt=0)] | None = None
    error_probability: Annotated[FiniteFloat, Field(ge=0, le=1)] = 0
    error_status: ErrorStatus = 500
    next: list[NextFault] = []

    @model_validator(mode="after")
    def _range_in_order(self) -> Self:
        if isinstance(self.latency_ms, tuple) and self.latency_ms[0] > self.latency_ms[1]:
            raise ValueError("the first latency of a range must not be greater than the second")
        return self


class Faults:
    """The faults now in force and what is left of them."""

    def __init__(self) -> None:
        self.settings = FaultSettings()
        self.replaced = asyncio.Event()
        self._buckets: dict[str, tuple[float, float]] = {}

    def replace(self, settings: FaultSettings) -> None:
        """Put these faults in the place of all others, and let the requests go that the others hold."""
        self.replaced.set()
        self.settings = settings
        self.replaced = asyncio.Event()
        self._buckets.clear()

    def latency_seconds(self) -> float:
        """Draw how long the next request is delayed."""
        latency = self.settings.latency_ms
        return (random.uniform(*latency) if isinstance(latency, tuple) else latency) / 1000

    def retry_after(self, tenant: str) -> int | None:
        """Take one request from the tenant's allowance; None if there was one left, else whole seconds until there is."""
        rate = self.settings.requests_per_second
        if rate is None:
            return None
        size, at = max(1.0, rate), time.monotonic()
        level, since = self._buckets.get(tenant, (size, at))
        level = min(size, level + (at - since) * rate)
        self._buckets[tenant] = (level - 1 if level >= 1 else level, at)
        return None if level >= 1 else math.ceil((1 - level) / rate)

    def take_next(self, method: str, path: str) -> NextFault | None:
        """Give the first planned fault that fits, and count it down."""
        for fault in self.settings.next:
            if fnmatchcase(path, fault.path) or fnmatchcase(f"{method} {path}", fault.path):
                fault.count -= 1
                if not fault.count:
                    self.settings.next.remove(fault)
                return fault
        return None

    def errs(self) -> bool:
        """Draw whether the next request fails."""
        return random.random() < self.settings.error_probability
