"""Reading messages, and the names that they speak of."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging

LISTED = """select message_id, recipient_id, kind, channel, subject, status, created_at, sent_at, reason from message
 where (cast(:recipient as uuid) is null or recipient_id = :recipient)
   and (cast(:at as timestamptz) is null or (created_at, message_id) < (:at, cast(:id as uuid)))
 order by created_at desc, message_id desc limit :most"""
NAMES = """select user_id as id, name from person where user_id = any(:ids)
 union all select program_id, name from program where program_id = any(:ids)"""


async def listed(tx: Transaction, recipient: UUID | None, paging: Paging, after: Sequence[Any] | None) -> Sequence[Any]:
    """Messages, the newest first, one more than the page holds."""
    at, message_id = after or (None, None)
    return await tx.all(LISTED, {"recipient": recipient, "at": at, "id": message_id, "most": paging.limit + 1})


async def names(tx: Transaction, ids: Iterable[UUID]) -> dict[str, str]:
    """The names of people and programs that are known, by id."""
    return {str(row.id): row.name or "a former student" for row in await tx.all(NAMES, {"ids": list(ids)})}
