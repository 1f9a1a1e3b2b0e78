"""Enrollments."""

from uuid import UUID

from chassis.http import OwnTransaction, Route, location
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Response

from onboarding import queries
from onboarding.api.clock import Now
from onboarding.commands import enrollments as commands
from onboarding.domain.enrollments import EnrollmentNotFound
from onboarding.schemas.enrollments import EnrollmentIn, EnrollmentOut, WithdrawalIn

router = APIRouter(prefix="/v1", route_class=Route, tags=["enrollments"])


@router.post("/enrollments", status_code=201, operation_id="enrollStudent")
async def enroll(body: EnrollmentIn, tx: OwnTransaction, now: Now, answer: Response) -> EnrollmentOut:
    """Enroll a student in one's own program; an administrator in any. The student is assigned to the program's holder."""
    enrollment_id = await commands.enroll(tx, body, now)
    answer.headers["Location"] = location("/v1/enrollments", enrollment_id)
    return await enrollment(enrollment_id, tx)


@router.get("/enrollments", operation_id="listEnrollments")
async def enrollments(
    tx: OwnTransaction, paging: Paged, program_id: UUID | None = None, student_id: UUID | None = None
) -> Page[EnrollmentOut]:
    """One's own enrollments, those of one's assigned students, or for an administrator all."""
    found = await queries.enrollments.enrollments(tx, program_id, student_id, paging)
    return page(found, paging, shown=EnrollmentOut.of, key=lambda row: [row.enrollment_id])


@router.get("/enrollments/{enrollment_id}", operation_id="getEnrollment")
async def enrollment(enrollment_id: UUID, tx: OwnTransaction) -> EnrollmentOut:
    """An enrollment."""
    if found := await queries.enrollments.enrollment(tx, enrollment_id):
        return EnrollmentOut.of(found)
    raise EnrollmentNotFound


@router.post("/enrollments/{enrollment_id}/withdrawal", operation_id="withdrawEnrollment")
async def withdraw(enrollment_id: UUID, body: WithdrawalIn, tx: OwnTransaction, now: Now) -> EnrollmentOut:
    """End an enrollment before completion."""
    await commands.withdraw(tx, enrollment_id, body, now)
    return await enrollment(enrollment_id, tx)
