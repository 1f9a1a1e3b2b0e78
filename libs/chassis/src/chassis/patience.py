"""Work that is tried again while its fault is one that passes by itself."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Counter

from chassis.database import is_transient

log = structlog.get_logger()
retried = Counter("inbox_retries_total", "Times that a batch was tried again after a passing fault", ["consumer"])

RETRY_FIRST, RETRY_MOST, RETRY_FOR = 0.1, 5.0, 120.0
"""Seconds: the pauses between tries, and how long a batch is tried before it is polled anew; well below the poll limit of 300 s."""


class RetriesExhaustedError(Exception):
    """A passing fault did not pass in time; the batch is left uncommitted and comes again."""


async def patiently(consumer: str, work: Callable[[], Awaitable[None]]) -> None:
    """Does the consumer's work, and tries again with growing pauses while the fault passes. Raises RetriesExhaustedError, or whatever
    does not pass.
    """
    pause, deadline = RETRY_FIRST, asyncio.get_running_loop().time() + RETRY_FOR
    while True:
        try:
            return await work()
        except Exception as error:
            if not is_transient(error):
                raise
            if asyncio.get_running_loop().time() + pause > deadline:
                raise RetriesExhaustedError(repr(error)) from error
            retried.labels(consumer).inc()
            log.warning("trying again", consumer=consumer, because=repr(error), in_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY_MOST)
