"""`/v1/programs/{id}/rates`: how the weeks of a program or a cohort went."""

from uuid import UUID

from chassis.http import OwnTransaction, Route
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter

from compliance.api.clock import Now
from compliance.queries import rates as queries
from compliance.schemas.rates import RateOut

router = APIRouter(prefix="/v1", route_class=Route, tags=["dashboard"])


@router.get("/programs/{program_id}/rates", operation_id="listRates")
async def listed(program_id: UUID, tx: OwnTransaction, paging: Paged, now: Now, cohort_id: UUID | None = None) -> Page[RateOut]:
    """Week by week, how many of a program or of its cohort met it and how many came, newest first."""
    found = await queries.rates(tx, program_id, cohort_id, paging, now)
    return page(found, paging, shown=RateOut.of, key=lambda rate: [rate.week_start])
