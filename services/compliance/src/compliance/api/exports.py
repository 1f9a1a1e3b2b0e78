"""`/v1/weekly-dashboard.csv` and `.xlsx`: the whole dashboard as a file, of any size."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from chassis.disclosures import disclose
from chassis.http import Route, SignedIn, caller_of
from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.responses import FileResponse

from compliance.api.clock import Now
from compliance.api.dashboard import Wanted
from compliance.queries.dashboard import Filter, everything
from compliance.sheets import CsvSheet, Sheet, XlsxSheet

router = APIRouter(prefix="/v1", route_class=Route, tags=["dashboard"])
CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AT_ONCE = asyncio.Semaphore(2)
"""Each takes a connection of the pool while its file is written, and nobody else shall wait for one because of that."""


@router.get("/weekly-dashboard.csv", operation_id="getWeeklyDashboardCsv", response_class=Response, responses={200: {"content": {CSV: {}}}})
async def as_csv(request: Request, who: SignedIn, filters: Wanted, now: Now) -> FileResponse:
    """The weekly dashboard as CSV, in its order and with its filters."""
    return await _file(request, who, filters, now, CsvSheet, CSV, "csv")


@router.get(
    "/weekly-dashboard.xlsx", operation_id="getWeeklyDashboardXlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}}
)
async def as_xlsx(request: Request, who: SignedIn, filters: Wanted, now: Now) -> FileResponse:
    """The same for spreadsheets."""
    return await _file(request, who, filters, now, XlsxSheet, XLSX, "xlsx")


async def _file(
    request: Request, who: SignedIn, filters: Filter, now: Now, kind: Callable[[Path], Sheet], media_type: str, ending: str
) -> FileResponse:
    """Written whole before it goes out, so that a slow reader holds no transaction open, and what fails is an answer that says so."""
    folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="chairside-export-")
    path = Path(folder.name) / f"weekly-compliance.{ending}"
    try:
        async with AT_ONCE, request.app.state.context.database.transaction(who, caller_of(request)) as tx:
            sheet = await asyncio.to_thread(kind, path)
            async for rows in everything(tx, filters, now):
                disclose(tx, [row.student_id for row in rows])
                await asyncio.to_thread(sheet.add, rows)
        await asyncio.to_thread(sheet.close)
    except BaseException:
        folder.cleanup()
        raise
    name = f"weekly-compliance-{filters.week_start or now.date()}.{ending}"
    afterwards = BackgroundTasks()
    afterwards.add_task(folder.cleanup)
    return FileResponse(path, media_type=media_type, filename=name, background=afterwards)
