"""`/v1/audit`: every service's trail and the state of its chain, for administrators (SPEC 4)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from chassis import audit
from chassis.http import OwnTransaction, Route
from chassis.pagination import Page, Paged, page
from chassis.rights import Rights, only

router = APIRouter(prefix="/v1/audit", route_class=Route, tags=["audit"])
RIGHTS: Rights = {"listAuditEntries": only("admin"), "verifyAudit": only("admin")}
FOUND = f"""select position, hash, {audit.COLUMNS} from audit_entry
 where id < coalesce(cast(:before as bigint), 9223372036854775807) and actor = coalesce(:actor, actor)
   and object_id = coalesce(:object_id, object_id) and (cast(:subject as uuid) is null or subject_id = :subject)
 order by id desc limit :most"""


class AuditEntry(BaseModel):
    """Who did what on what, from where; `position` and `hash` are null until it is sealed, a second later at most."""

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
    position: int | None
    hash: str | None


class AuditVerification(BaseModel):
    """What recomputing the chain found; `broken_at` is the first position that does not fit."""

    entries: int
    head: str
    unsealed: int
    broken_at: int | None
    reason: str | None


@router.get("", operation_id="listAuditEntries")
async def entries(
    tx: OwnTransaction,
    paging: Paged,
    actor: Annotated[str | None, Query(max_length=100)] = None,
    object_id: Annotated[str | None, Query(max_length=200)] = None,
    subject_id: Annotated[UUID | None, Query()] = None,
) -> Page[AuditEntry]:
    """Entries, the newest first."""
    (before,) = paging.values(int) or (None,)
    asked: dict[str, Any] = {"before": before, "actor": actor, "object_id": object_id, "subject": subject_id, "most": paging.limit + 1}
    rows = await tx.all(FOUND, asked)
    return page(rows, paging, shown=lambda row: AuditEntry.model_validate(row, from_attributes=True), key=lambda row: [row.id])


@router.get("/verification", operation_id="verifyAudit")
async def verification(tx: OwnTransaction) -> AuditVerification:
    """Recomputes the whole hash chain."""
    return AuditVerification.model_validate(await audit.verify(tx), from_attributes=True)
