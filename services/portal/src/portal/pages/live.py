"""`GET /live`: the groups of rows that changed, as server-sent events to whom they concern."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

from chassis.database import Database
from chassis.principal import Principal
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from portal.live import Changed, Live
from portal.queries.people import visible_among
from portal.sessions import Session
from portal.web import PageRoute, Who, resources

HEARTBEAT, PACE, LONGEST = 15.0, 0.05, 300.0
"""Seconds: between signs of life, between two looks at what changed, and until the browser connects anew (with a fresh token)."""
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/live")
async def live(
    request: Request, session: Who, since: Annotated[str, Query()] = "", last_event_id: Annotated[str | None, Header()] = None
) -> StreamingResponse:
    """`since` is the page's token; a browser that connects anew sends the id of the last event that it had."""
    ear, database = resources(request).live, request.app.state.context.database
    events = stream(ear, database, session, last_event_id or since or ear.token)
    return StreamingResponse(events, media_type="text/event-stream", headers=HEADERS)


async def stream(ear: Live, database: Database, session: Session, token: str) -> AsyncIterator[str]:
    """Server-sent events: the event's name is the group, its id is how far the page is then. Ends when the token or the process does."""
    yield f"retry: 1000\nid: {token}\n: connected\n\n"
    until = time.monotonic() + min(LONGEST, session.seconds_left)
    beat = time.monotonic() + HEARTBEAT
    while not ear.closing and (now := time.monotonic()) < until:
        await ear.wait(token, max(0.0, min(beat, until) - now))
        changed, token = ear.since(token), ear.token
        if told := await concerning(database, session.principal, changed):
            yield "".join(f"id: {token}\nevent: {group}\ndata: {group}\n\n" for group in told)
        elif time.monotonic() >= beat:
            beat = time.monotonic() + HEARTBEAT
            yield ": still here\n\n"
        await asyncio.sleep(PACE)


async def concerning(database: Database, principal: Principal, changed: Changed) -> list[str]:
    """The groups in which something changed that this person may see; the database says whom a partner may see now."""
    own = str(principal.id)
    told, asked = [], {}
    for group, people in sorted(changed.people.items()):
        if group == "audit" and principal.kind != "admin":
            continue
        if people is None or principal.kind == "admin" or own in people:
            told.append(group)
        elif principal.kind == "partner":
            asked[group] = people
    if asked:
        async with database.transaction(principal) as tx:
            visible = await visible_among(tx, sorted(set().union(*asked.values())))
        told += [group for group, people in asked.items() if people & visible]
    return told
