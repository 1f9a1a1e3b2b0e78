"""Notes that are written, told about, and counted where they are heard."""

import asyncio
import os
from uuid import UUID

from chassis import audit
from chassis.errors import Conflict
from chassis.http import OwnTransaction, Route, location
from chassis.inbox import Inbox
from chassis.outbox import publish
from chassis.pagination import Page, Paged, page
from chassis.records import Holdings, Owned
from chassis.rights import SIGNED_IN, scoped
from chassis.schedule import Job
from chassis.service import Service
from contracts.audit import recorded
from contracts.event import Event
from contracts.people import KINDS
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field


class NoteWritten(Event, topic="note.written", version=1, key="note_id", producers=("toy",), consumers=("toy",)):
    note_id: UUID
    body: str


class NoteTooLoud(Conflict):
    pass


class NoteIn(BaseModel):
    body: str = Field(min_length=1, max_length=1000)


router = APIRouter(prefix="/v1", route_class=Route)
inbox = Inbox("toy", max_records=100)


@router.post("/notes", status_code=201, operation_id="writeNote")
async def write(body: NoteIn, tx: OwnTransaction, answer: Response) -> dict[str, str]:
    note_id = await tx.scalar("insert into note (owner_id, body) values (acting_user(), :body) returning id", {"body": body.body})
    if body.body.isupper():
        raise NoteTooLoud("Do not shout. Write it in lower case.")
    if body.body == "crash":
        raise RuntimeError("secret inside")
    audit.record(tx, "note.write", "note", note_id, after={"body": body.body})
    publish(tx, NoteWritten(note_id=note_id, revision=1, body=body.body))
    answer.headers["Location"] = location("/v1/notes", note_id)
    return {"id": str(note_id)}


@router.get("/notes", operation_id="listNotes")
async def notes(tx: OwnTransaction, paging: Paged) -> Page[dict[str, str]]:
    after = paging.after[0] if paging.after else "00000000-0000-0000-0000-000000000000"
    rows = await tx.all(
        "select id, body, owner_id as student_id from note where id > :after order by id limit :n", {"after": after, "n": paging.limit + 1}
    )
    return page(rows, paging, shown=lambda row: {name: str(value) for name, value in row._mapping.items()}, key=lambda row: [row.id])


@inbox.on(NoteWritten)
async def hear(tx, event) -> None:
    if event.body.startswith("poison"):
        raise ValueError("this note cannot be heard")
    await tx.execute(
        """insert into told (note_id, times, last) values (:id, 1, :body)
           on conflict (note_id) do update set times = told.times + 1, last = excluded.last""",
        {"id": event.note_id, "body": event.body},
    )


async def tick(tx, slot) -> None:
    await asyncio.sleep(0)
    await tx.execute("insert into told values (uuidv7(), 1, :slot)", {"slot": f"{slot.job} {slot.zone} {slot.at.isoformat()}"})


job = Job("tick", "30 19 * * 3", tick)
RIGHTS = {"writeNote": SIGNED_IN, "listNotes": scoped(SIGNED_IN, "notes:read")}
tells = recorded if os.environ.get("TOY_TELLS_OF_ITS_TRAIL") else None  # toys share a topic: one at most may tell
HOLDINGS = Holdings({"note": Owned("owner_id = :id")}, {"told": "counts of notes, nobody's"})
service = Service("toy", KINDS, routers=[router], rights=RIGHTS, inboxes=[inbox], audit_event=tells, holdings=HOLDINGS)
