"""Events in: the names of people, and how far students are in their courses. An older state never overwrites a newer."""

from collections.abc import Sequence
from datetime import UTC, datetime

from chassis.database import Transaction
from chassis.inbox import Inbox
from contracts.milady import CourseProgressed
from contracts.people import UserChanged

from onboarding.commands import erasure, projections

inbox = Inbox("onboarding")


@inbox.on_set(UserChanged)
async def users_changed(tx: Transaction, events: Sequence[UserChanged]) -> None:
    """Keeps who people are, and nothing of those who were erased."""
    await projections.keep_people(tx, events)
    for gone in {event.user_id for event in events if event.status == "erased"}:
        await erasure.erase(tx, gone, datetime.now(UTC))


@inbox.on_set(CourseProgressed)
async def courses_progressed(tx: Transaction, events: Sequence[CourseProgressed]) -> None:
    """Keeps the newest progress of each enrollment and course, whether the enrollment is known here or not."""
    await projections.keep_progress(tx, events)
