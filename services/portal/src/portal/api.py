"""HTTP in: the read model as JSON, for clients of the gateway."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from chassis.errors import NotFound
from chassis.http import OwnTransaction, Route
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Query

from portal.queries import alerts, people
from portal.queries.standings import standings
from portal.schemas import AlertOut, AuditOut, ProgressOut

router = APIRouter(prefix="/v1", route_class=Route)


class StudentNotFound(NotFound):
    """No student with this id is enrolled, or none whom the one who asks may see."""


@router.get("/students/{student_id}/progress", operation_id="getProgress")
async def progress(student_id: UUID, tx: OwnTransaction, enrollment_id: UUID | None = None) -> ProgressOut:
    """Courses, services, and theory, practical and overall percent (SPEC 3.6)."""
    found = await standings(tx, datetime.now(UTC), student_id)
    wanted = next((each for each in found if enrollment_id in (None, each.enrollment_id)), None)
    if wanted is None:
        raise StudentNotFound("There is no such student, none with an enrollment yet, or none whom you may see.")
    return ProgressOut.of(wanted, [each.enrollment_id for each in found])


@router.get("/alerts", operation_id="listAlerts")
async def list_alerts(
    tx: OwnTransaction,
    paging: Paged,
    status: Annotated[Literal["open", "resolved"] | None, Query()] = None,
    enrollment_id: Annotated[UUID | None, Query()] = None,
) -> Page[AlertOut]:
    """Alerts, the newest first."""
    after = paging.values(datetime.fromisoformat, UUID)
    rows = await alerts.listed(tx, status=status, enrollment_id=enrollment_id, after=after, most=paging.limit + 1)
    return page(rows, paging, shown=AlertOut.of, key=lambda row: [row.raised_at, row.alert_id])


@router.get("/audit-entries", operation_id="listAudit")
async def list_audit(tx: OwnTransaction, paging: Paged) -> Page[AuditOut]:
    """Sealed audit entries of all services, the latest first; `/v1/audit` is the portal's own trail."""
    rows = await people.audit(tx, most=paging.limit + 1, after=paging.values(datetime.fromisoformat, str, int))
    return page(rows, paging, shown=AuditOut.of, key=lambda row: [row.at, row.service, row.position])
