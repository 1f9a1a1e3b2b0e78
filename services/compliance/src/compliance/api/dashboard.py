"""`/v1/weekly-dashboard`, who is on track this week and who is not, and what lies ahead of an enrollment."""

from datetime import date
from typing import Annotated
from uuid import UUID

from chassis.http import OwnTransaction, Route
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Depends, Query

from compliance.api.clock import Now
from compliance.domain.dashboard import Standing, week_asked
from compliance.domain.forecasts import forecast
from compliance.queries import dashboard as queries
from compliance.queries import forecasts
from compliance.schemas.dashboard import DashboardOut
from compliance.schemas.forecasts import ForecastOut

router = APIRouter(prefix="/v1", route_class=Route, tags=["dashboard"])


async def wanted(
    partner_id: Annotated[UUID | None, Query(description="Those assigned to this partner now")] = None,
    program_id: UUID | None = None,
    cohort_id: UUID | None = None,
    status: Standing | None = None,
    week_start: Annotated[
        date | None, Query(description="The Monday of a week. Without it: the present one, where each program is")
    ] = None,
) -> queries.Filter:
    """The filters of the dashboard."""
    return queries.Filter(partner_id, program_id, cohort_id, status, week_asked(week_start))


Wanted = Annotated[queries.Filter, Depends(wanted)]


@router.get("/weekly-dashboard", operation_id="listWeeklyDashboard")
async def listed(tx: OwnTransaction, paging: Paged, filters: Wanted, now: Now) -> Page[DashboardOut]:
    """Each enrollment's week, by severity and then by hours missing, worst first."""
    found = await queries.dashboard(tx, filters, paging, now)
    return page(found, paging, shown=lambda line: DashboardOut.of(line.row), key=lambda line: list(line.key))


@router.get("/enrollments/{enrollment_id}/forecast", operation_id="getForecast")
async def ahead(enrollment_id: UUID, tx: OwnTransaction, now: Now) -> ForecastOut:
    """What this week still asks for and whether it can be reached, and when the program is through at the present pace."""
    place, sofar = await forecasts.sofar(tx, enrollment_id, now)
    return ForecastOut.of(enrollment_id, place, forecast(sofar))
