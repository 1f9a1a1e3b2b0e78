"""`/v1/alerts`."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from chassis.http import OwnTransaction, Route
from chassis.pagination import Page, Paged, page
from contracts.alerts import AlertType, Severity
from fastapi import APIRouter, Depends

from compliance.api.clock import Now
from compliance.commands import alerts as commands
from compliance.queries import alerts as queries
from compliance.schemas.alerts import AlertOut, ExplainedAlertOut, NoteIn

router = APIRouter(prefix="/v1", route_class=Route, tags=["alerts"])


async def wanted(
    status: Literal["open", "resolved"] | None = None,
    severity: Severity | None = None,
    alert_type: AlertType | None = None,
    enrollment_id: UUID | None = None,
    student_id: UUID | None = None,
    week_start: date | None = None,
    escalated: bool | None = None,
) -> queries.Filter:
    """The filters of a list of alerts."""
    return queries.Filter(status, severity, alert_type, enrollment_id, student_id, week_start, escalated)


@router.get("/alerts", operation_id="listAlerts")
async def listed(
    tx: OwnTransaction, paging: Paged, filters: Annotated[queries.Filter, Depends(wanted)], sort: queries.Sort = "newest"
) -> Page[AlertOut]:
    """Alerts, newest or (`sort=severity`) most severe first."""
    found = await queries.alerts(tx, filters, sort, paging)
    return page(found, paging, shown=AlertOut.of, key=lambda row: [row.severity if sort == "severity" else row.raised_at, row.alert_id])


@router.get("/alerts/{alert_id}", operation_id="getAlert")
async def one(alert_id: UUID, tx: OwnTransaction) -> ExplainedAlertOut:
    """An alert with its explanation."""
    return ExplainedAlertOut.of(await queries.one(tx, alert_id))


@router.post("/alerts/{alert_id}/resolution", operation_id="resolveAlert")
async def resolve(alert_id: UUID, body: NoteIn, tx: OwnTransaction, now: Now) -> ExplainedAlertOut:
    """Resolve an alert by hand, and say why. Hours that go away do not reopen it."""
    return ExplainedAlertOut.of(await commands.resolve_by_hand(tx, alert_id, body.note, now))
