"""`/v1/hours/imports`: hours in bulk, as JSON or as CSV."""

import asyncio
import hashlib
import tempfile
from itertools import islice
from typing import IO, Annotated, Any
from uuid import UUID

from chassis.database import Database
from chassis.http import OwnTransaction, Route, SignedIn, caller_of, location
from chassis.limits import BODY_BYTES, UPLOAD_BYTES
from chassis.pagination import Paged, page
from chassis.principal import Principal
from fastapi import APIRouter, Header, Request, Response

from compliance import reading
from compliance.api.clock import Now
from compliance.commands import imports as commands
from compliance.domain.imports import Mode
from compliance.queries import imports as queries
from compliance.schemas.imports import ImportOut, ProblemOut, WatchedImportOut

AT_ONCE = 2000
HOURS = {"$ref": "#/components/schemas/HoursIn"}
JSON = {"type": "object", "required": ["rows"], "properties": {"rows": {"type": "array", "items": HOURS, "minItems": 1}}}
BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": JSON}, "text/csv": {"schema": {"type": "string"}}},
    }
}
uploads = APIRouter(prefix="/v1/hours/imports", tags=["hours"])
router = APIRouter(prefix="/v1/hours/imports", route_class=Route, tags=["hours"])
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)]


@uploads.post("", status_code=202, operation_id="importHours", max_body_size=UPLOAD_BYTES, openapi_extra=BODY)
async def start(
    request: Request, who: SignedIn, now: Now, answer: Response, mode: Mode = "partial", idempotency_key: Key = None
) -> ImportOut:
    """Take in a file of hours, which is then worked on: `partial` keeps the good rows, `atomic` all or none."""
    database: Database = request.app.state.context.database
    with tempfile.SpooledTemporaryFile(max_size=BODY_BYTES) as file:
        digest = await _spool(request, file, mode)
        rows = reading.rows(file, request.headers.get("content-type", "text/csv"))
        first = await asyncio.to_thread(lambda: list(islice(rows, AT_ONCE)))
        async with database.transaction(who, caller_of(request)) as tx:
            found = await commands.begin(tx, mode, digest, idempotency_key, now)
        if found.state == "receiving":
            await _keep(database, who, found.import_id, first, rows)
    answer.headers["Location"] = location("/v1/hours/imports", found.import_id)
    async with database.transaction(who) as tx:
        return ImportOut.of(await queries.one(tx, found.import_id))


@router.get("/{import_id}", operation_id="getImport")
async def watched(import_id: UUID, tx: OwnTransaction, paging: Paged) -> WatchedImportOut:
    """How far an import is, with the rows that were refused."""
    found, bad = await queries.one(tx, import_id), await queries.problems(tx, import_id, paging)
    problems = page(bad, paging, shown=ProblemOut.of, key=lambda row: [row.line])
    return WatchedImportOut(**ImportOut.of(found).model_dump(), problems=problems)


async def _spool(request: Request, file: IO[bytes], mode: Mode) -> bytes:
    """Lets the body go to a file as it comes, so that it is never whole in memory; gives its hash, and the mode's."""
    digest = hashlib.sha256(mode.encode())
    async for chunk in request.stream():
        digest.update(chunk)
        file.write(chunk)
    file.seek(0)
    return digest.digest()


async def _keep(database: Database, who: Principal, import_id: UUID, rows: list[Any], rest: reading.Rows) -> None:
    """Keeps all rows, some thousand in a transaction, and then says that they are all there."""
    while rows:
        async with database.transaction(who) as tx:
            await commands.add_rows(tx, import_id, rows)
        rows = await asyncio.to_thread(lambda: list(islice(rest, AT_ONCE)))
    async with database.transaction(who) as tx:
        await commands.seal(tx, import_id)
