"""Milady's endpoints, as the seed lists them, for a tenant's bearer token."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from dev.sandbox import clock
from dev.sandbox.errors import Refused
from dev.sandbox.milady import commands, queries, schemas
from dev.sandbox.milady.certificates import certificate_pdf
from dev.sandbox.state import Database, Now, Tenant

router = APIRouter(prefix="/milady/api/v1", tags=["milady"])

PathId = Annotated[str, Path(max_length=200)]


async def _dialect(db: Database) -> schemas.Dialect:
    return queries.dialect(db)


async def _base_url(request: Request) -> str:
    return str(request.base_url)


Dialect = Annotated[schemas.Dialect, Depends(_dialect)]
BaseUrl = Annotated[str, Depends(_base_url)]


@dataclass(frozen=True)
class Page:
    """Which page of a list is asked for, counted from 1."""

    page: int
    per_page: int

    @property
    def offset(self) -> int:
        """How many items lie before the page."""
        return (self.page - 1) * self.per_page

    def out(self, request: Request, total: int) -> dict[str, Any]:
        """Write where the page stands, and the address of the next one."""
        pages = -(-total // self.per_page)
        following = str(request.url.include_query_params(page=self.page + 1)) if self.page < pages else None
        return {"page": self.page, "per_page": self.per_page, "total_items": total, "total_pages": pages, "next": following}


async def _page(page: Annotated[int, Query(ge=1, le=1_000_000)] = 1, per_page: Annotated[int, Query(ge=1, le=500)] = 100) -> Page:
    return Page(page, per_page)


Paged = Annotated[Page, Depends(_page)]


@router.get("/courses")
async def list_courses(_: Tenant, dialect: Dialect) -> dict[str, Any]:
    """All courses with their lessons."""
    return {"courses": schemas.courses_out(dialect)}


@router.post("/students", status_code=201)
async def create_student(body: schemas.StudentIn, tenant: Tenant, db: Database, now: Now, base_url: BaseUrl) -> dict[str, Any]:
    """Make an account; 409 with `existing_id` if the email has one."""
    with db:
        student = commands.create_student(db, tenant, body, now)
    return schemas.student_out(student, base_url)


@router.get("/students")
async def list_students(
    request: Request, tenant: Tenant, db: Database, base_url: BaseUrl, page: Paged, email: str | None = None
) -> dict[str, Any]:
    """The tenant's students, or the one of an email."""
    total, students = queries.list_students(db, tenant, email, page.per_page, page.offset)
    return {"students": [schemas.student_out(student, base_url) for student in students], "pagination": page.out(request, total)}


@router.get("/students/{student_id}")
async def get_student(student_id: PathId, tenant: Tenant, db: Database, base_url: BaseUrl) -> dict[str, Any]:
    """One student with the enrollments."""
    student = queries.get_student(db, tenant, student_id)
    return schemas.student_out(student, base_url, queries.enrollments_of(db, student.id))


@router.put("/students/{student_id}")
async def change_student(
    student_id: PathId, body: schemas.StudentIn, tenant: Tenant, db: Database, now: Now, base_url: BaseUrl
) -> dict[str, Any]:
    """Replace a student's profile."""
    with db:
        student = commands.change_student(db, tenant, student_id, body, now)
    return schemas.student_out(student, base_url, queries.enrollments_of(db, student.id))


@router.get("/students/{student_id}/time-summary")
async def time_summary(student_id: PathId, tenant: Tenant, db: Database, dialect: Dialect) -> dict[str, Any]:
    """A student's time over all courses, by course and by month."""
    student = queries.get_student(db, tenant, student_id)
    times = [(enrollment, queries.time_entries(db, enrollment.id)) for enrollment in queries.enrollments_of(db, student.id)]
    return schemas.time_summary_out(dialect, student, times)


@router.post("/enrollments", status_code=201)
async def enroll(body: schemas.EnrollmentIn, tenant: Tenant, db: Database, now: Now, dialect: Dialect) -> dict[str, Any]:
    """Put a student in a course; 409 with `existing_id` if the student is in it."""
    with db:
        enrollment = commands.enroll(db, tenant, body, now)
    return schemas.enrollment_out(dialect, enrollment)


@router.get("/enrollments/{enrollment_id}")
async def get_enrollment(enrollment_id: PathId, tenant: Tenant, db: Database, dialect: Dialect) -> dict[str, Any]:
    """An enrollment's state, progress and time."""
    return schemas.enrollment_out(dialect, queries.get_enrollment(db, tenant, enrollment_id))


@router.get("/enrollments/{enrollment_id}/progress")
async def progress(enrollment_id: PathId, tenant: Tenant, db: Database, dialect: Dialect) -> dict[str, Any]:
    """An enrollment's progress in detail: lessons, time by lesson, assessments."""
    enrollment = queries.get_enrollment(db, tenant, enrollment_id)
    return schemas.progress_out(dialect, enrollment, queries.time_entries(db, enrollment.id))


@router.get("/enrollments/{enrollment_id}/time-tracking")
async def time_tracking(
    request: Request,
    enrollment_id: PathId,
    tenant: Tenant,
    db: Database,
    dialect: Dialect,
    page: Paged,
    first: Annotated[date | None, Query(alias="from")] = None,
    last: Annotated[date | None, Query(alias="to")] = None,
) -> dict[str, Any]:
    """Time between two dates, both included; `by_date` comes in pages, the sums are those of all pages."""
    if first and last and first > last:
        raise Refused(422, "invalid_range", "`from` lies after `to`; swap them.")
    enrollment = queries.get_enrollment(db, tenant, enrollment_id)
    entries = queries.time_entries(db, enrollment.id, first, last)
    return {
        "enrollment_id": enrollment.id,
        "total_hours": schemas.hours(dialect, sum(entry.hundredths for entry in entries)),
        "by_date": schemas.by_date(dialect, enrollment, entries[page.offset : page.offset + page.per_page]),
        "by_lesson": schemas.by_lesson(dialect, enrollment, entries),
        "pagination": page.out(request, len(entries)),
    }


@router.get("/enrollments/{enrollment_id}/certificate")
async def certificate(enrollment_id: PathId, tenant: Tenant, db: Database, base_url: BaseUrl) -> dict[str, Any]:
    """The certificate of a completed course; 404 before."""
    enrollment = queries.get_enrollment(db, tenant, enrollment_id)
    if not enrollment.certificate_id or not enrollment.completed_at:
        raise Refused(404, "certificate_not_issued", "The course is not completed; its certificate is issued when it is.")
    return {
        "certificate_id": enrollment.certificate_id,
        "certificate_url": f"{base_url}milady/api/v1/certificates/{enrollment.certificate_id}/download",
        "issued_date": enrollment.completed_at[:10],
        "enrollment_id": enrollment.id,
        "course_title": enrollment.course.title,
    }


@router.get("/certificates/{certificate_id}/download", response_class=Response)
async def download_certificate(certificate_id: PathId, tenant: Tenant, db: Database) -> Response:
    """The certificate as a PDF of one page; the same bytes every time as long as the student's name stays."""
    enrollment = queries.enrollment_of_certificate(db, tenant, certificate_id)
    pdf = certificate_pdf(queries.get_student(db, tenant, enrollment.student_id), enrollment)
    headers = {"Content-Disposition": f'attachment; filename="{enrollment.certificate_id}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


@router.post("/sso/launch", status_code=201)
async def prepare_launch(body: schemas.LaunchIn, tenant: Tenant, db: Database, now: Now, base_url: BaseUrl) -> dict[str, Any]:
    """An address that opens the student's course once, within five minutes."""
    with db:
        token, expires = commands.prepare_launch(db, tenant, body, now)
    return {"sso_url": f"{base_url}milady/sso/{token}", "expires_at": clock.stamp(expires)}
