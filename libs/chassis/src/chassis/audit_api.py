"""`/v1/audit`: every service's trail and the state of its chain, for administrators and clients with the scope `audit:read` (SPEC 4)."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, BeforeValidator

from chassis import audit, audit_verify, disclosures_api, records
from chassis.audit_heads import Heads, published
from chassis.http import OwnTransaction, Route
from chassis.pagination import Page, Paged, page
from chassis.rights import Rights, only, scoped

router = APIRouter(prefix="/v1/audit", route_class=Route, tags=["audit"])
ROUTERS = (router, disclosures_api.router, records.router)
"""Of every service."""
READ = scoped(only("admin"), "audit:read")
RIGHTS: Rights = {"listAuditEntries": READ, "verifyAudit": READ, **disclosures_api.RIGHTS, **records.RIGHTS}
FILTERS = {
    "actor": "actor = :actor",
    "action": "action = :action",
    "object_type": "object_type = :object_type",
    "object_id": "object_id = :object_id",
    "subject_id": "subject_id = :subject_id",
    "request_id": "request_id = :request_id",
    "trace_id": "trace_id = :trace_id",
    "since": "at >= :since",
    "until": "at < :until",
    "last": "id < :last",
}
Text = Annotated[str | None, Query(max_length=200)]


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


State = Annotated[dict[str, Any] | None, BeforeValidator(_read)]


class AuditEntry(BaseModel):
    """Who did what on what, from where, and what it was `before` and `after`, with secrets masked.

    `position` and `hash` are null until it is sealed, a second later at most.
    """

    id: int
    at: datetime
    actor: str
    actor_kind: str
    action: str
    object_type: str
    object_id: str
    subject_id: UUID | None
    ip: str | None
    user_agent: str | None
    request_id: str | None
    trace_id: str | None
    before: State
    after: State
    position: int | None
    hash: str | None


class AuditVerification(BaseModel):
    """What recomputing the chain found; `broken_at` is the first position that does not fit, `compared` the number of published heads.

    The first `dropped` of the `entries` are kept no longer.
    """

    entries: int
    dropped: int
    head: str
    unsealed: int
    compared: int
    broken_at: int | None
    reason: str | None


async def _wanted(
    actor: Text = None,
    action: Text = None,
    object_type: Text = None,
    object_id: Text = None,
    subject_id: Annotated[UUID | None, Query()] = None,
    request_id: Text = None,
    trace_id: Text = None,
    since: Annotated[AwareDatetime | None, Query(alias="from", description="From this instant on")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before this instant")] = None,
) -> dict[str, Any]:
    """What is asked for, by filter; what is not asked for is not in it."""
    asked = locals()
    return {name: asked[name] for name in FILTERS if asked.get(name) is not None}


def listing(wanted: Iterable[str]) -> str:
    """The statement that reads entries by these filters, the newest first."""
    conditions = " and ".join(["true", *(FILTERS[name] for name in wanted)])
    return f"select position, hash, {audit.COLUMNS} from audit_entry where {conditions} order by id desc limit :most"


@router.get("", operation_id="listAuditEntries")
async def entries(tx: OwnTransaction, paging: Paged, wanted: Annotated[dict[str, Any], Depends(_wanted)]) -> Page[AuditEntry]:
    """Entries, the newest first; of several filters all must fit."""
    if last := paging.values(int):
        wanted |= {"last": last[0]}
    rows = await tx.all(listing(wanted), wanted | {"most": paging.limit + 1})
    return page(rows, paging, shown=lambda row: AuditEntry.model_validate(row, from_attributes=True), key=lambda row: [row.id])


async def _heads(request: Request) -> Heads:
    """The published heads; read before the transaction begins, so that it does not wait for Kafka."""
    context, service = request.app.state.context, request.app.state.process.service
    return await published(context.settings.kafka, service.name) if service.audit_event else Heads()


@router.get("/verification", operation_id="verifyAudit")
async def verification(heads: Annotated[Heads, Depends(_heads)], tx: OwnTransaction) -> AuditVerification:
    """Recomputes the whole hash chain and compares it with the heads that were published."""
    return AuditVerification.model_validate(await audit_verify.verify(tx, heads), from_attributes=True)
