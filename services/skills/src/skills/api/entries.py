"""The log of practical services."""

from typing import Annotated
from uuid import UUID

from chassis.http import OwnTransaction, Route, location
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Query, Response

from skills import queries
from skills.api.clock import Now
from skills.commands import entries
from skills.queries import Filter
from skills.schemas import EntryChanges, EntryIn, EntryOut, Status

router = APIRouter(prefix="/v1/entries", route_class=Route, tags=["entries"])


@router.post("", status_code=201, operation_id="logService")
async def log_service(body: EntryIn, tx: OwnTransaction, now: Now, answer: Response) -> EntryOut:
    """Write a service down, as a draft; submit it when its photos are there."""
    row = await entries.log_service(tx, body.enrollment_id, body.model_dump(exclude={"enrollment_id"}), now)
    answer.headers["Location"] = location("/v1/entries", row.entry_id)
    return EntryOut.of(row)


@router.get("", operation_id="listEntries")
async def list_entries(
    tx: OwnTransaction,
    paging: Paged,
    enrollment_id: UUID | None = None,
    student_id: UUID | None = None,
    program_id: UUID | None = None,
    status: Annotated[Status | None, Query()] = None,
    skill_code: Annotated[str | None, Query(max_length=120)] = None,
) -> Page[EntryOut]:
    """The services that one may see, the newest first."""
    rows = await queries.entries(tx, Filter(enrollment_id, student_id, program_id, status, skill_code), paging)
    return page(rows, paging, shown=EntryOut.of, key=lambda row: [row.entry_id])


@router.get("/{entry_id}", operation_id="getEntry")
async def get_entry(entry_id: UUID, tx: OwnTransaction) -> EntryOut:
    """One service."""
    return EntryOut.of(await queries.entry(tx, entry_id))


@router.patch("/{entry_id}", operation_id="changeEntry")
async def change_entry(entry_id: UUID, body: EntryChanges, tx: OwnTransaction, now: Now) -> EntryOut:
    """Correct a draft or a rejected service; what is left out stays."""
    return EntryOut.of(await entries.change(tx, entry_id, body.changes, now))


@router.post("/{entry_id}/submission", operation_id="submitEntry")
async def submit_entry(entry_id: UUID, tx: OwnTransaction, now: Now) -> EntryOut:
    """Ask for a decision; a rejected service is submitted again when it is corrected."""
    return EntryOut.of(await entries.submit(tx, entry_id, now))
