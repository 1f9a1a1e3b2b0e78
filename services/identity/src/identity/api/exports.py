"""Exports of people's data, from all services (SPEC 4)."""

from uuid import UUID

from chassis import audit
from chassis.http import OwnTransaction, Route, SignedIn, location
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from identity import exports, queries
from identity.commands import exports as commands
from identity.domain.exports import ExportNotFound, ExportNotReady
from identity.doors import Now
from identity.schemas.exports import ExportOut

router = APIRouter(prefix="/v1", route_class=Route)


@router.post("/users/{user_id}/export", status_code=202, operation_id="exportUser")
async def begin(user_id: UUID, tx: OwnTransaction, now: Now, answer: Response) -> ExportOut:
    """Ask for everything that Chairside holds of oneself, or as an administrator of anybody. One that is under way is not begun again."""
    export_id = await commands.begin(tx, user_id, now)
    answer.headers["Location"] = location("/v1/exports", export_id)
    return ExportOut.of(await queries.export(tx, export_id, now))


@router.get("/exports/{export_id}", operation_id="getExport")
async def progress(export_id: UUID, tx: OwnTransaction, now: Now) -> ExportOut:
    """How far it is."""
    if found := await queries.export(tx, export_id, now):
        return ExportOut.of(found)
    raise ExportNotFound


@router.get(
    "/exports/{export_id}/archive",
    operation_id="getExportArchive",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}},
)
async def archive(export_id: UUID, tx: OwnTransaction, who: SignedIn, now: Now, request: Request) -> Response:
    """One ZIP file: the records of each service as JSON, and the photos. It is there for seven days."""
    if (found := await queries.export(tx, export_id, now)) is None:
        raise ExportNotFound
    export = ExportOut.of(found)
    if export.state != "done":
        raise ExportNotReady(export.state)
    audit.record(tx, "export.download", "export", export_id, subject_id=export.user_id)
    content = exports.archive(request.app.state.context, who, export_id, await queries.export_files(tx, export_id))
    headers = {"Content-Disposition": f'attachment; filename="chairside-{export_id}.zip"'}
    return StreamingResponse(content, media_type="application/zip", headers=headers)
