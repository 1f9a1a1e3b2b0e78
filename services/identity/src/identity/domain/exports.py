"""Exports of people's data: how long they are kept, when a service is asked again, and what is refused (SPEC 4)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Literal

from chassis.errors import Conflict, NotFound
from contracts.event import ALL_SERVICES

KEPT_FOR = timedelta(days=7)
LEASE, BUDGET = timedelta(minutes=2), timedelta(seconds=100)
"""For how long a service is asked at a time, and when somebody else asks it after a crash."""
ATTEMPTS = 10
SERVICES = ALL_SERVICES
State = Literal["running", "done", "failed"]


class ExportNotFound(NotFound):
    """There is no such export, it is over, or the one who asks may not see it."""

    def __init__(self) -> None:
        super().__init__("There is no export with this id that you may see, or its seven days are over. Ask for a new one.")


class ExportNotReady(Conflict):
    """The archive is not whole."""

    def __init__(self, state: State) -> None:
        what = "Some services did not answer. Ask for a new export." if state == "failed" else "Wait for its state to be done."
        super().__init__(f"This export is not complete. {what}")


def state_of(parts: Collection[str]) -> State:
    """What an export is whose services are in these states."""
    if "waiting" in parts:
        return "running"
    return "failed" if "failed" in parts else "done"


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """When a service is asked again after so many attempts: 2, 4, 8 ... seconds later, at most five minutes; None: not any more."""
    return None if attempts >= ATTEMPTS else now + timedelta(seconds=min(2**attempts, 300))
