"""`/v1/people/{person_id}/records`: everything that a service holds of a person, for the export of their data (SPEC 4, decision 14)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from chassis import audit
from chassis.database import Transaction
from chassis.errors import NotFound
from chassis.http import Route, SignedIn, caller_of
from chassis.principal import Principal
from chassis.rights import Reach, Rights, may, scoped

EXPORT = "records:export"
"""The scope of the tokens that identity makes for an export. No machine client can be given it."""
ROWS = "select to_jsonb(t) as row from (select {columns} from {table} where {where}) t"
router = APIRouter(prefix="/v1/people", route_class=Route, tags=["people"])
RIGHTS: Rights = {"exportRecords": scoped(may(person=Reach.OWN, admin=Reach.EVERY), EXPORT)}


class PersonNotFound(NotFound):
    """There is nobody of this id whose records the one who asks may export."""


@dataclass(frozen=True)
class Owned:
    """The rows of a table that are about one person: those that `where` picks, `:id` being the person. Of them `columns` are given."""

    where: str
    columns: str = "*"


OwnedFiles = Callable[[Transaction, UUID], Awaitable[Mapping[str, str]]]


@dataclass(frozen=True)
class Holdings:
    """What a service holds of people: `tables` by name, and `files` as names with the addresses where the person gets them.

    `kept_back`: the tables that are not given, each with the reason. A test of each service holds both against its database.
    """

    tables: Mapping[str, Owned] = field(default_factory=dict)
    kept_back: Mapping[str, str] = field(default_factory=dict)
    files: OwnedFiles | None = None


BY_ME, ABOUT_ME = "actor = cast(cast(:id as uuid) as text)", "subject_id = :id"
TABLES = {
    "audit_entry": Owned(
        f"{BY_ME} or {ABOUT_ME}",
        "id, at, actor, action, object_type, object_id, subject_id, "
        + ", ".join(f"case when {BY_ME} then {name} end as {name}" for name in ("ip", "user_agent"))
        + ", "
        + ", ".join(f"case when {ABOUT_ME} then {name} end as {name}" for name in ("before", "after")),
    ),
    "disclosure": Owned("student_ids @> array[cast(:id as uuid)] or reader_id = :id", "at, reader_id, operation, request_id"),
}
"""The chassis' own."""
KEPT_BACK = {
    "outbox": "tells what the other tables hold, and is deleted after a while",
    "inbox": "ids of messages",
    "idempotency_key": "repeats answers that were given, for seven days",
    "schedule_zone": "names of jobs and zones",
    "schedule_slot": "names of jobs and instants",
    "audit_anchor": "hashes of audit entries whose months were dropped",
    "access_grant": "onboarding's assignments, as this service reads them",
    "alembic_version": "the version of the database",
}
"""The chassis' tables that are not given, and why."""


class RecordsOut(BaseModel):
    """The person's rows by table, each as the database has them; and the addresses of files by name."""

    service: str
    user_id: UUID
    as_of: datetime
    tables: dict[str, list[dict[str, Any]]]
    files: dict[str, str]


async def _in_their_name(person_id: UUID, request: Request, who: SignedIn) -> AsyncIterator[Transaction]:
    """A transaction as the system, for some of it is kept from people's own roles, once it is seen that they may. Raises PersonNotFound."""
    if who.kind != "admin" and who.id != person_id:
        raise PersonNotFound("There is nobody with this id whose records you may export. Check the id.")
    async with request.app.state.context.database.transaction(Principal("system", who.id), caller_of(request)) as tx:
        yield tx


InTheirName = Annotated[Transaction, Depends(_in_their_name, scope="function")]


@router.get("/{person_id}/records", operation_id="exportRecords")
async def records(person_id: UUID, request: Request, tx: InTheirName) -> RecordsOut:
    """Everything that this service holds of a person: oneself, or as an administrator anybody."""
    holdings: Holdings = request.app.state.process.service.holdings
    tables = {name: await _rows(tx, name, owned, person_id) for name, owned in {**holdings.tables, **TABLES}.items()}
    files = dict(await holdings.files(tx, person_id)) if holdings.files else {}
    audit.record(tx, "records.export", "person", person_id, subject_id=person_id)
    return RecordsOut(service=tx.service, user_id=person_id, as_of=datetime.now(UTC), tables=tables, files=files)


async def _rows(tx: Transaction, table: str, owned: Owned, user_id: UUID) -> list[dict[str, Any]]:
    statement = ROWS.format(table=table, columns=owned.columns, where=owned.where)
    return [row.row for row in await tx.all(statement, {"id": user_id})]
