"""`/v1/hours` and the weeks of an enrollment."""

from typing import Annotated
from uuid import UUID

from chassis.http import OwnTransaction, Route, location
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Query, Response

from compliance.api.clock import Now
from compliance.commands import hours as commands
from compliance.queries import hours as queries
from compliance.queries import weeks
from compliance.schemas import HoursIn, HoursOut, VoidIn, WeekOut

router = APIRouter(prefix="/v1", route_class=Route, tags=["hours"])


@router.post("/hours", status_code=201, operation_id="submitHours")
async def submit(body: HoursIn, tx: OwnTransaction, now: Now, answer: Response) -> HoursOut:
    """Log hours of training."""
    entry = await commands.submit(tx, body.submission(), now)
    answer.headers["Location"] = location("/v1/hours", entry.log_id)
    return HoursOut.of(entry)


@router.get("/hours", operation_id="listHours")
async def listed(tx: OwnTransaction, paging: Paged, enrollment_id: Annotated[UUID | None, Query()] = None) -> Page[HoursOut]:
    """The newest revision of each entry, latest work date first."""
    found = await queries.entries(tx, paging, enrollment_id=enrollment_id)
    return page(found, paging, shown=HoursOut.of, key=lambda entry: [entry.work_date, entry.log_id])


@router.get("/hours/{log_id}", operation_id="getHours")
async def one(log_id: UUID, tx: OwnTransaction) -> HoursOut:
    """An entry's newest revision."""
    return HoursOut.of(await queries.entry(tx, log_id))


@router.post("/hours/{log_id}/void", operation_id="voidHours")
async def void(log_id: UUID, body: VoidIn, tx: OwnTransaction, now: Now) -> HoursOut:
    """Take an entry back: one's own while it is submitted, or any as an administrator; never one from Milady."""
    return HoursOut.of(await commands.void_entry(tx, log_id, body.reason, now))


@router.get("/enrollments/{enrollment_id}/weeks", operation_id="listWeeks")
async def weeks_of(enrollment_id: UUID, tx: OwnTransaction, paging: Paged, now: Now) -> Page[WeekOut]:
    """Each week's total against its target, newest first."""
    found = await weeks.weeks_of(tx, enrollment_id, paging, now)
    return page(found, paging, shown=WeekOut.of, key=lambda week: [week.week_start])
