"""`/v1/enrollments/{id}/statement`: a student's hours as they were believed, as JSON or as PDF."""

import asyncio
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from chassis.http import Route, SignedIn, caller_of
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import AwareDatetime, BeforeValidator, Field

from compliance import rendering
from compliance.api.clock import Now
from compliance.domain.statements import Statement
from compliance.queries import statements as queries
from compliance.schemas.statements import StatementOut

router = APIRouter(prefix="/v1/enrollments/{enrollment_id}", route_class=Route, tags=["hours"])
PDF = "application/pdf"


def _alone(told: Any) -> Any:
    if isinstance(told, str) and len(told) > len("2026-11-22"):
        raise ValueError("is neither an instant with its offset nor a date")
    return told


Day = Annotated[date, BeforeValidator(_alone)]
AsOf = Annotated[
    Annotated[AwareDatetime | Day, Field(union_mode="left_to_right")] | None,
    Query(description="An instant, or a date: then the end of that day in the program's time zone. Without it: now"),
]
DESCRIBED: dict[int | str, dict[str, Any]] = {200: {"content": {PDF: {"schema": {"type": "string", "format": "binary"}}}}}


async def _told(request: Request, who: SignedIn, enrollment_id: UUID, now: Now, as_of: AsOf = None) -> Statement:
    """The statement, read in a transaction that is over before a PDF is set of it."""
    async with request.app.state.context.database.transaction(who, caller_of(request)) as tx:
        return await queries.statement(tx, enrollment_id, as_of, now)


Told = Annotated[Statement, Depends(_told)]


@router.get("/statement", operation_id="getStatement", response_model=StatementOut, responses=DESCRIBED)
async def statement(told: Told, accept: Annotated[str, Header()] = "*/*") -> Any:
    """Hours as they were believed at `as_of`; as PDF where `Accept` names that."""
    return await printed(told) if PDF in accept else StatementOut.of(told)


@router.get("/statement.pdf", operation_id="getStatementPdf", response_class=Response, responses=DESCRIBED)
async def printed(told: Told) -> Response:
    """The same as PDF."""
    name = f"hours-{told.place.enrollment_id}-{told.as_of:%Y%m%dT%H%M%SZ}.pdf"
    content = await asyncio.to_thread(rendering.pdf, told)
    return Response(content, media_type=PDF, headers={"Content-Disposition": f'attachment; filename="{name}"'})
