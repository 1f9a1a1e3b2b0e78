"""`/v1/scans`: run a check by hand, and see which ran."""

from uuid import UUID

from chassis.http import OwnTransaction, Route, caller_of, location
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Request, Response

from compliance import work
from compliance.queries import scans as queries
from compliance.schemas.scans import ScanIn, ScanOut

router = APIRouter(prefix="/v1", route_class=Route, tags=["scans"])


@router.post("/scans", status_code=201, operation_id="runScan")
async def run(body: ScanIn, tx: OwnTransaction, request: Request, answer: Response) -> ScanOut:
    """Run the check of a slot to its end; 200 with its record where it ran before and there is nothing new."""
    context, slot = request.app.state.context, (body.kind, body.zone, body.date)
    scan_id, changed = await work.run_by_hand(context, tx.principal, caller_of(request), *slot)
    answer.status_code = 201 if changed else 200
    answer.headers["Location"] = location("/v1/scans", scan_id)
    return await one(scan_id, tx)


@router.get("/scans", operation_id="listScans")
async def listed(tx: OwnTransaction, paging: Paged) -> Page[ScanOut]:
    """Scans, newest first."""
    return page(await queries.scans(tx, paging), paging, shown=ScanOut.of, key=lambda row: [row.scan_id])


@router.get("/scans/{scan_id}", operation_id="getScan")
async def one(scan_id: UUID, tx: OwnTransaction) -> ScanOut:
    """A scan and what it did."""
    return ScanOut.of(await queries.one(tx, scan_id))
