"""Programs."""

from uuid import UUID

from chassis.http import OwnTransaction, Route, location
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Response

from onboarding import queries
from onboarding.api.clock import Now
from onboarding.commands import programs as commands
from onboarding.domain.programs import ProgramNotFound
from onboarding.schemas.programs import ProgramIn, ProgramOut

router = APIRouter(prefix="/v1", route_class=Route, tags=["programs"])


@router.post("/programs", status_code=201, operation_id="publishProgram")
async def publish(body: ProgramIn, tx: OwnTransaction, now: Now, answer: Response) -> ProgramOut:
    """Publish a program. Without `courses` it has the two RISE courses."""
    program_id = await commands.publish_program(tx, body, now)
    answer.headers["Location"] = location("/v1/programs", program_id)
    return await program(program_id, tx)


@router.get("/programs", operation_id="listPrograms")
async def programs(tx: OwnTransaction, paging: Paged, partner_id: UUID | None = None) -> Page[ProgramOut]:
    """Every program, or one holder's."""
    return page(await queries.programs.programs(tx, partner_id, paging), paging, shown=ProgramOut.of, key=lambda row: [row.program_id])


@router.get("/programs/{program_id}", operation_id="getProgram")
async def program(program_id: UUID, tx: OwnTransaction) -> ProgramOut:
    """A program."""
    if found := await queries.programs.program(tx, program_id):
        return ProgramOut.of(found)
    raise ProgramNotFound
