"""`/v1/scans`: run a check by hand, and see which ran."""

from uuid import UUID

from chassis.http import OwnTransaction, Route, location
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Response

from compliance.api.clock import Now
from compliance.commands import scans as commands
from compliance.queries import scans as queries
from compliance.schemas import ScanIn, ScanOut

router = APIRouter(prefix="/v1", route_class=Route, tags=["scans"])


@router.post("/scans", status_code=201, operation_id="runScan")
async def run(body: ScanIn, tx: OwnTransaction, now: Now, answer: Response) -> ScanOut:
    """Run the check of a slot; 200 with the first run's record where it ran before."""
    row, ran = await commands.scan_by_hand(tx, body.kind, body.zone, body.date, now)
    answer.status_code = 201 if ran else 200
    answer.headers["Location"] = location("/v1/scans", row.scan_id)
    return ScanOut.of(row)


@router.get("/scans", operation_id="listScans")
async def listed(tx: OwnTransaction, paging: Paged) -> Page[ScanOut]:
    """Scans, newest first."""
    return page(await queries.scans(tx, paging), paging, shown=ScanOut.of, key=lambda row: [row.scan_id])


@router.get("/scans/{scan_id}", operation_id="getScan")
async def one(scan_id: UUID, tx: OwnTransaction) -> ScanOut:
    """A scan and what it did."""
    return ScanOut.of(await queries.one(tx, scan_id))
