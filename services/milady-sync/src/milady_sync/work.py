"""What needs Milady and therefore runs outside of any transaction: look, ask, and hand the answer over to be stored."""

import asyncio
import itertools
from collections.abc import Awaitable
from typing import Any, TypeVar
from uuid import UUID

from chassis import audit
from chassis.principal import Caller, Principal
from chassis.service import Context
from contracts.milady import ProvisioningRequested, SyncRequested
from prometheus_client import Counter

from milady_sync import domain, queries
from milady_sync.client import Launch, Milady, MiladyError
from milady_sync.settings import MiladySettings

Here = Context[MiladySettings]
T = TypeVar("T")
outcomes = Counter("milady_work_total", "Enrollments that Milady was asked about, by what came of it", ["work", "outcome"])
# Known from the start, so that the first failure is an increase.
for each in itertools.product(("provision", "sync"), ("done", "failed")):
    outcomes.labels(*each)
BUDGET = 60.0
"""Seconds for all questions about one enrollment. A batch of 20, 8 at once, stays below Kafka's poll limit of 300 s."""


async def provision(context: Here, event: ProvisioningRequested) -> domain.Account | domain.Failure | None:
    """Finds or makes the account and its courses; None when that is not wanted any more."""
    async with context.database.transaction() as tx:
        place = await queries.place_to_provision(tx, event.enrollment_id)
    return await _within_budget("provision", _provision(context.resources, place)) if place else None


async def _provision(milady: Milady, place: Any) -> domain.Account:
    await milady.refuse_while_down()
    student = await milady.find_or_create_student(place.user_id, place.email, *domain.names_of(place.name))
    return domain.Account(student, {code: await milady.find_or_enroll(student, code) for code in place.codes})


async def read(context: Here, event: SyncRequested) -> domain.Reading | domain.Failure | None:
    """Reads progress and time of every course; None when the enrollment has ended or has none."""
    async with context.database.transaction() as tx:
        courses = await queries.courses_to_read(tx, event.enrollment_id)
    return await _within_budget("sync", _read(context.resources, courses)) if courses else None


async def _read(milady: Milady, courses: queries.Rows) -> domain.Reading:
    await milady.refuse_while_down()
    return domain.Reading(courses[0].asked_at, tuple([await _read_course(milady, course) for course in courses]))


async def _read_course(milady: Milady, course: Any) -> domain.CourseReading:
    since = domain.read_since(course.started_on, course.newest, course.today)
    entries = await milady.time_entries(course.milady_enrollment_id, since)
    return domain.CourseReading(course.course_code, await milady.progress(course.milady_enrollment_id), since, entries)


async def _within_budget(work: str, asking: Awaitable[T]) -> T | domain.Failure:
    """A failure of Milady's is an outcome like others: it is stored, shown and tried again, and never a dead letter."""
    try:
        async with asyncio.timeout(BUDGET):
            answer = await asking
    except (MiladyError, TimeoutError) as error:
        outcomes.labels(work, "failed").inc()
        return domain.Failure(str(error) if isinstance(error, MiladyError) else f"Milady took longer than {BUDGET:.0f} seconds.")
    outcomes.labels(work, "done").inc()
    return answer


async def launch(context: Here, who: Principal, caller: Caller, enrollment_id: UUID, course_code: str) -> Launch:
    """A one-time address of the person's own course. Raises EnrollmentNotFound, EnrollmentEnded, CourseNotFound, MiladyDoesNotAnswer."""
    async with context.database.transaction(who, caller) as tx:
        place = await queries.own_place(tx, enrollment_id, course_code)
    try:
        made: Launch = await context.resources.launch(place.milady_student_id, place.milady_enrollment_id)
    except MiladyError as error:
        raise domain.MiladyDoesNotAnswer("Milady does not open courses just now. Try again in a moment.") from error
    async with context.database.transaction(who, caller) as tx:
        audit.record(tx, "course.launch", "enrollment", enrollment_id, subject_id=who.user_id, after={"course_code": course_code})
    return made
