"""HTTP in."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from chassis.http import OwnTransaction, Route
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Query

from messaging import queries
from messaging.schemas import NotificationOut

router = APIRouter(prefix="/v1", route_class=Route)


@router.get("/notifications", operation_id="listNotifications")
async def notifications(tx: OwnTransaction, paging: Paged, recipient_id: Annotated[UUID | None, Query()] = None) -> Page[NotificationOut]:
    """One's own messages, the newest first; an administrator sees everyone's, or those of one recipient."""
    rows = await queries.listed(tx, recipient_id, paging, paging.values(datetime.fromisoformat, UUID))
    return page(rows, paging, shown=NotificationOut.of, key=lambda row: [row.created_at.isoformat(), row.message_id])
