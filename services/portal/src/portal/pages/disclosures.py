"""`/account/disclosures`: who was shown one's records, as each service noted it (34 CFR 99.32; SPEC 3.10, 3.12)."""

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

from chassis.errors import NotSignedIn, Refusal
from fastapi import APIRouter, Request, Response

from portal.queries import people
from portal.rendering import html
from portal.sessions import Session
from portal.web import NAMED, PageRoute, Who, resources

router = APIRouter(prefix="/account/disclosures", route_class=PageRoute, include_in_schema=False, dependencies=[NAMED])
Keeper = Literal["compliance", "skills", "milady-sync", "onboarding", "portal"]
RECORDS: dict[Keeper, str] = {
    "compliance": "Hours and alerts",
    "skills": "Services on the chair",
    "milady-sync": "Courses on Milady",
    "onboarding": "Enrollment",
    "portal": "Pages with your progress",
}
LATEST, MORE = 5, 50


@dataclass(frozen=True)
class Shown:
    """What one service noted: the newest first, or why it cannot be told now."""

    keeper: Keeper
    items: list[dict[str, Any]]
    next_cursor: str | None = None
    error: str | None = None


@router.get("")
async def latest(request: Request, session: Who) -> Response:
    """The latest of every service; one that does not answer takes nothing from the others."""
    found = await asyncio.gather(*(_noted(request, session, keeper, LATEST) for keeper in RECORDS))
    return await _page(request, session, found)


@router.get("/{keeper}")
async def of_one(keeper: Keeper, request: Request, session: Who, cursor: str | None = None) -> Response:
    """All that one service noted, page by page."""
    return await _page(request, session, [await _noted(request, session, keeper, MORE, cursor)])


async def _noted(request: Request, session: Session, keeper: Keeper, most: int, cursor: str | None = None) -> Shown:
    """One service's log. Raises NotSignedIn where the session is over; any other refusal is told in its place."""
    params = {"limit": str(most)} | ({"cursor": cursor} if cursor else {})
    try:
        told = await resources(request).services.json(session.asks, keeper, "GET", "/v1/disclosures", params=params)
    except NotSignedIn:
        raise
    except Refusal as refusal:
        return Shown(keeper, [], error=refusal.sentence)
    return Shown(keeper, told["items"], told["next_cursor"])


async def _page(request: Request, session: Session, found: list[Shown]) -> Response:
    async with request.app.state.context.database.transaction(session.principal, session.caller) as tx:
        names = await people.partners_of_mine(tx)
    return html(request, "disclosures.html", logs=found, names=names, records=RECORDS, one=len(found) == 1)
