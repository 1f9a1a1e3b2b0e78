"""`/v1/disclosures`: to students, who was shown their education records; to administrators, all of it (SPEC 3.10)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from chassis.http import OwnTransaction, Route
from chassis.pagination import Page, Paged, page
from chassis.rights import Reach, Rights, may

router = APIRouter(prefix="/v1/disclosures", route_class=Route, tags=["audit"])
RIGHTS: Rights = {"listDisclosures": may(person=Reach.OWN, admin=Reach.EVERY)}
SHOWN = "id, at, reader_id, operation, request_id, trace_id"
PAGE = "id < coalesce(cast(:last as bigint), 9223372036854775807) order by id desc limit :most"
EVERYONES = f"select {SHOWN}, student_ids from disclosure where {PAGE}"
# Of one student there are few, and the index over students finds them. Without `materialized` the planner, which cannot know how
# few, walks through the whole table by id.
FEW = "with few as materialized (select {what}) select * from few where " + PAGE
OWN = FEW.format(what=f"{SHOWN} from disclosure")
ONES = FEW.format(what=f"{SHOWN}, student_ids from disclosure where student_ids @> array[cast(:student as uuid)]")


class DisclosureOut(BaseModel):
    """One request in which a partner was shown education records. `student_ids`, of everyone in the answer, is for administrators alone."""

    id: int
    at: datetime
    reader_id: UUID
    operation: str
    request_id: str | None
    trace_id: str | None
    student_ids: list[UUID] | None = None


@router.get("", operation_id="listDisclosures")
async def disclosures(tx: OwnTransaction, paging: Paged, student_id: Annotated[UUID | None, Query()] = None) -> Page[DisclosureOut]:
    """Who was shown one's own education records, the newest first; to administrators everyone's, or those of one student."""
    (last,) = paging.values(int) or (None,)
    asked: dict[str, Any] = {"last": last, "most": paging.limit + 1}
    if tx.principal.kind != "admin":
        rows = await tx.all(OWN, asked)
    else:
        rows = await tx.all(ONES, asked | {"student": student_id}) if student_id else await tx.all(EVERYONES, asked)
    return page(rows, paging, shown=lambda row: DisclosureOut.model_validate(row, from_attributes=True), key=lambda row: [row.id])
