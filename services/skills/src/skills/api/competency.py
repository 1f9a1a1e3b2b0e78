"""Catalogues, and how far students are."""

from uuid import UUID

from chassis.http import OwnTransaction, Route
from fastapi import APIRouter

from skills import queries
from skills.schemas import CatalogueOut, CompetencyOut

router = APIRouter(prefix="/v1", route_class=Route, tags=["competency"])


@router.get("/programs/{program_id}/skills", operation_id="listSkills")
async def list_skills(program_id: UUID, tx: OwnTransaction, enrollment_id: UUID | None = None) -> CatalogueOut:
    """A program's services and quotas; with an enrollment also how many of each are approved."""
    skills = await queries.catalogue(tx, program_id)
    approved = await queries.approved_in(tx, program_id, enrollment_id) if enrollment_id else None
    return CatalogueOut.of(program_id, skills.values(), approved)


@router.get("/enrollments/{enrollment_id}/competency", operation_id="getCompetency")
async def get_competency(enrollment_id: UUID, tx: OwnTransaction) -> CompetencyOut:
    """How far the student is, skill by skill and in all practical services together."""
    return CompetencyOut.of(enrollment_id, await queries.competence(tx, enrollment_id))
