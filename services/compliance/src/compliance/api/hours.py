"""`/v1/hours` and the weeks of an enrollment."""

from datetime import date
from typing import Annotated
from uuid import UUID

from chassis.http import OwnTransaction, Route, location
from chassis.pagination import Page, Paged, page
from contracts.hours import HoursStatus, Source
from fastapi import APIRouter, Depends, Query, Response

from compliance.api.clock import Now
from compliance.commands import hours as commands
from compliance.domain.hours import Flag
from compliance.domain.revisions import etag
from compliance.queries import hours as queries
from compliance.queries import weeks, years
from compliance.schemas.hours import HoursIn, HoursOut, HoursPage
from compliance.schemas.weeks import WeekOut

router = APIRouter(prefix="/v1", route_class=Route, tags=["hours"])


@router.post("/hours", status_code=201, operation_id="submitHours")
async def submit(body: HoursIn, tx: OwnTransaction, now: Now, answer: Response) -> HoursOut:
    """Log hours of training."""
    entry = await commands.submit(tx, body.submission(), now)
    answer.headers["Location"] = location("/v1/hours", entry.log_id)
    return HoursOut.of(entry)


async def wanted(
    enrollment_id: UUID | None = None,
    status: HoursStatus | None = None,
    source: Source | None = None,
    flag: Flag | None = None,
    first: Annotated[date | None, Query(alias="from", description="The first work date")] = None,
    last: Annotated[date | None, Query(alias="to", description="The last work date")] = None,
) -> queries.Filter:
    """The filters of a list of entries."""
    return queries.Filter(enrollment_id, status, source, flag, first, last)


@router.get("/hours", operation_id="listHours")
async def listed(tx: OwnTransaction, paging: Paged, filters: Annotated[queries.Filter, Depends(wanted)]) -> HoursPage:
    """The newest revision of each entry, latest work date first; those of `detached_years` are not there."""
    found = await queries.entries(tx, filters, paging)
    told = page(found, paging, shown=HoursOut.of, key=lambda entry: [entry.work_date, entry.log_id])
    return HoursPage(**dict(told), detached_years=await years.all_detached(tx, filters.first, filters.last))


@router.get("/hours/{log_id}", operation_id="getHours")
async def one(log_id: UUID, tx: OwnTransaction, answer: Response) -> HoursOut:
    """An entry's newest revision. The ETag is for a correction or a decision."""
    entry = await queries.entry(tx, log_id)
    answer.headers["ETag"] = etag(entry.revision)
    return HoursOut.of(entry)


@router.get("/enrollments/{enrollment_id}/weeks", operation_id="listWeeks")
async def weeks_of(enrollment_id: UUID, tx: OwnTransaction, paging: Paged, now: Now) -> Page[WeekOut]:
    """Each week's total against its target, newest first."""
    found = await weeks.weeks_of(tx, enrollment_id, paging, now)
    return page(found, paging, shown=WeekOut.of, key=lambda week: [week.week_start])
