"""milady-sync's HTTP door (SPEC 4)."""

from typing import Annotated, Literal
from uuid import UUID

from chassis.http import OwnTransaction, Route, SignedIn, caller_of, location
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Query, Request, Response

from milady_sync import queries, schemas, work
from milady_sync.commands import provisioning, syncs

router = APIRouter(prefix="/v1", route_class=Route)
State = Annotated[Literal["pending", "requested", "provisioned", "failed", "cancelled"] | None, Query()]


@router.post("/syncs", status_code=202, operation_id="startSync")
async def start_sync(body: schemas.SyncIn, tx: OwnTransaction, answer: Response) -> schemas.SyncOut:
    """Read everything anew from Milady, of one's own program or of one enrollment; watch the run at its Location."""
    await syncs.authorise(tx, body.scope, body.id)
    run = await syncs.start(tx, body.scope, body.id)
    answer.headers["Location"] = location("/v1/syncs", run.sync_id)
    return schemas.SyncOut.of(run)


@router.get("/syncs", operation_id="listSyncs")
async def list_syncs(tx: OwnTransaction, paging: Paged) -> Page[schemas.SyncOut]:
    """The runs, newest first; a program holder sees their own."""
    return page(await queries.syncs(tx, paging), paging, shown=schemas.SyncOut.of, key=lambda row: [row.number])


@router.get("/syncs/{sync_id}", operation_id="getSync")
async def get_sync(sync_id: UUID, tx: OwnTransaction) -> schemas.SyncOut:
    """How far a run is, and which enrollments could not be read."""
    return schemas.SyncOut.of(*await queries.sync(tx, sync_id))


@router.get("/provisionings", operation_id="listProvisionings")
async def list_provisionings(
    tx: OwnTransaction, paging: Paged, state: State = None, enrollment_id: UUID | None = None
) -> Page[schemas.ProvisioningOut]:
    """The accounts on Milady and how far each is."""
    rows = await queries.provisionings(tx, state, enrollment_id, paging)
    return page(rows, paging, shown=schemas.ProvisioningOut.model_validate, key=lambda row: [row.enrollment_id])


@router.post("/provisionings/{enrollment_id}/retry", status_code=202, operation_id="retryProvisioning")
async def retry_provisioning(enrollment_id: UUID, tx: OwnTransaction, answer: Response) -> schemas.ProvisioningOut:
    """Try now what failed, or what still waits."""
    row = await provisioning.retry(tx, enrollment_id)
    answer.headers["Location"] = location("/v1/provisionings") + f"?enrollment_id={enrollment_id}"
    return schemas.ProvisioningOut.model_validate(row)


@router.get("/enrollments/{enrollment_id}/progress", operation_id="getProgress")
async def get_progress(enrollment_id: UUID, tx: OwnTransaction) -> schemas.ProgressOut:
    """The courses, with progress and time spent of the time required."""
    return schemas.ProgressOut.of(enrollment_id, await queries.courses(tx, enrollment_id))


@router.get("/enrollments/{enrollment_id}/time", operation_id="listTime")
async def list_time(enrollment_id: UUID, tx: OwnTransaction, paging: Paged) -> Page[schemas.TimeOut]:
    """Milady's time entries, newest date first."""
    rows = await queries.time_rows(tx, enrollment_id, paging)
    return page(rows, paging, shown=schemas.TimeOut.of, key=lambda row: [row.date, row.log_id])


@router.post("/launches", status_code=201, operation_id="launchCourse")
async def launch_course(body: schemas.LaunchIn, who: SignedIn, request: Request) -> schemas.LaunchOut:
    """A one-time address that opens one's own course. It is kept nowhere, so an Idempotency-Key has no use here."""
    context, caller = request.app.state.context, caller_of(request)
    return schemas.LaunchOut.of(await work.launch(context, who, caller, body.enrollment_id, body.course_code))
