"""How Milady is asked: within the tenant's rate, tried again where that may help, and left alone while it is down."""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import stamina
import structlog
from aiolimiter import AsyncLimiter
from prometheus_client import Counter, Histogram
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from milady_sync.client import answers
from milady_sync.client.errors import MiladyBusy, MiladyDown, MiladyMalformed, MiladyRefused

log = structlog.get_logger()
seconds = Histogram("milady_request_seconds", "Time that Milady took to answer", ["method", "status"])
left_alone = Counter("milady_left_alone_total", "Questions that were not asked because the circuit breaker was open")
TRIES, PATIENCE = 5, 20.0
"""How often a question is asked that meets faults, and for how many seconds one is asked at most, busy signals included."""
FIRST_WAIT, LONGEST_WAIT, JITTER = 0.1, 3.0, 0.5
FAILURES_TO_OPEN, LEFT_ALONE_FOR = 8, 5.0
"""More failures in a row than one question has tries: a single student whose data Milady cannot serve does not open the breaker."""
TOLD_TO_WAIT = 1.0
EXISTS = 409


def _note(details: RetryDetails) -> None:
    """In place of stamina's own hook, which would write the arguments, personal data among them, to the log."""
    log.warning("Milady is asked again", because=str(details.caused_by), in_seconds=round(details.wait_for, 2))


class Transport:
    """Asks one tenant's Milady. Everyone in this process shares its rate, its busy signal and its circuit breaker."""

    def __init__(self, http: httpx.AsyncClient, *, rate: float) -> None:
        self.http = http
        self.limiter = AsyncLimiter(max(1.0, rate), max(1.0, 1 / rate))
        self.breakers = AsyncCircuitBreakerFactory(FAILURES_TO_OPEN, LEFT_ALONE_FOR, exclude=[asyncio.CancelledError])
        self.busy_until = 0.0
        self.failing_since: float | None = None
        set_on_retry_hooks([_note])

    async def ask(self, method: str, path: str, *, patience: float = PATIENCE, **request: Any) -> tuple[int, answers.Body]:
        """The status (2xx, or 409 where something is there already) and the body. Raises MiladyError."""
        again = _again(patience)
        waits = {"wait_initial": FIRST_WAIT, "wait_max": LONGEST_WAIT, "wait_jitter": JITTER}
        async for attempt in stamina.retry_context(on=again, attempts=None, timeout=patience, **waits):
            with attempt:
                return await self._ask_once(method, path, request)
        raise AssertionError

    async def refuse_while_down(self) -> None:
        """For who has not begun yet: raises MiladyDown while the breaker is open, once Milady has been failing for long."""
        if self.failing_since is None or time.monotonic() - self.failing_since < PATIENCE:
            return
        circuit = (await self.breakers.get_breaker("milady")).context
        if circuit.state == "opened" and (wait := _left(circuit.opened_at)) > 0:
            raise _left_alone(wait)

    async def _ask_once(self, method: str, path: str, request: dict[str, Any]) -> tuple[int, answers.Body]:
        await asyncio.sleep(max(0.0, self.busy_until - time.monotonic()))
        async with self.limiter:
            response = await self._send(method, path, request)
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS:
            wait = retry_after(response.headers.get("retry-after"), datetime.now(UTC))
            self.busy_until = max(self.busy_until, time.monotonic() + min(wait, PATIENCE))
            raise MiladyBusy("Milady has too much to do and asks to wait.", wait)
        if not response.is_success and status != EXISTS:
            raise MiladyRefused(f"Milady refused {method} {path.partition('/')[0]} with status {status}.")
        return status, answers.body(response.content)

    async def _send(self, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
        try:
            async with await self.breakers.get_breaker("milady"):
                response = await self._exchange(method, path, request)
        except OpenedState as state:
            raise _left_alone(_left(state.opened_at)) from None
        except MiladyDown:
            self.failing_since = self.failing_since or time.monotonic()
            raise
        self.failing_since = None
        return response

    async def _exchange(self, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
        started, status = time.perf_counter(), "none"
        try:
            response = await self.http.request(method, path, **request)
            status = str(response.status_code)
        except httpx.HTTPError as error:
            raise MiladyDown(f"Milady did not answer ({type(error).__name__}).") from error
        finally:
            seconds.labels(method, status).observe(time.perf_counter() - started)
        if response.is_server_error:
            raise MiladyDown(f"Milady answered with a fault of its own (status {response.status_code}).")
        return response


def _left(opened_at: float | None) -> float:
    return (opened_at or 0) + LEFT_ALONE_FOR - time.time()


def _left_alone(wait: float) -> MiladyDown:
    left_alone.inc()
    return MiladyDown("Milady failed several times in a row and is left alone for a moment.", max(wait, 0) + 0.05)


def _again(patience: float) -> Callable[[Exception], bool | float]:
    """Whether a question is asked again. Only faults use up its tries: a busy signal or an open breaker says itself when to come again."""
    left = TRIES

    def decide(error: Exception) -> bool | float:
        nonlocal left
        wait = error.wait if isinstance(error, MiladyBusy | MiladyDown) else None
        if wait is not None:
            return wait <= patience and wait + random.uniform(0, 0.25)
        left -= 1
        return left > 0 and isinstance(error, MiladyDown | MiladyMalformed)

    return decide


def retry_after(told: str | None, now: datetime) -> float:
    """The seconds that a Retry-After header asks for, in either of its forms; one second when it cannot be read."""
    if told is None:
        return TOLD_TO_WAIT
    if told.strip().isdecimal():
        return float(told)
    try:
        return max(0.0, (parsedate_to_datetime(told) - now).total_seconds())
    except (ValueError, TypeError):
        return TOLD_TO_WAIT
