"""Reading alerts, and what explains them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging
from sqlalchemy import select, tuple_

from compliance.domain.alerts import SEVERITIES, AlertNotKnown
from compliance.models import alert

Sort = Literal["newest", "severity"]
COUNTED = """select h.enrollment_id, h.log_id, h.revision, h.work_date, h.minutes, h.source
 from newest_hours h join enrollment e using (enrollment_id)
 where h.enrollment_id = any(:ids) and h.work_date between :first and :last and h.minutes > 0 and h.status <> 'rejected'
   and h.work_date >= e.started_on and h.work_date <= coalesce(e.ended_on, 'infinity')
 order by h.work_date, h.log_id"""
FRESHNESS = """select e.enrollment_id, max(s.as_of) as as_of from enrollment e join sync_run s on not e.enrollment_id = any(s.failed)
   and (s.scope_kind = 'all' or s.scope_kind = 'program' and s.scope_id = e.program_id
        or s.scope_kind = 'enrollment' and s.scope_id = e.enrollment_id)
 where e.enrollment_id = any(:ids) group by e.enrollment_id"""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of alerts is narrowed to; None does not narrow."""

    status: str | None = None
    severity: str | None = None
    alert_type: str | None = None
    enrollment_id: UUID | None = None
    student_id: UUID | None = None
    week_start: date | None = None


async def alerts(tx: Transaction, wanted: Filter, sort: Sort, paging: Paging) -> Sequence[Any]:
    """Alerts, newest or most severe first; one more than the page holds."""
    a = alert.c
    keys = (a.rank, a.alert_id) if sort == "severity" else (a.raised_at, a.alert_id)
    statement = select(alert).order_by(*(key.desc() for key in keys)).limit(paging.limit + 1)
    for name in Filter.__slots__:
        if (value := getattr(wanted, name)) is not None:
            statement = statement.where(a[name] == value)
    if last := paging.values(_rank if sort == "severity" else _instant, UUID):
        statement = statement.where(tuple_(*keys) < tuple_(*last))
    return await tx.all(statement)


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) + 1


def _instant(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError("an instant has an offset")
    return read


async def one(tx: Transaction, alert_id: UUID) -> Any:
    """The alert. Raises AlertNotKnown."""
    row = await tx.first(select(alert).where(alert.c.alert_id == alert_id))
    if row is None:
        raise AlertNotKnown("There is no such alert. Look it up in the list of alerts.")
    return row


async def counted_entries(tx: Transaction, enrollment_ids: list[UUID], first: date, last: date) -> dict[UUID, list[dict[str, Any]]]:
    """The ledger rows that count from `first` to `last`, by enrollment, oldest first."""
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in await tx.all(COUNTED, {"ids": enrollment_ids, "first": first, "last": last}):
        told = dict(row._mapping)
        found[told.pop("enrollment_id")].append(told)
    return found


async def data_as_of(tx: Transaction, enrollment_ids: list[UUID]) -> dict[UUID, datetime]:
    """Up to when Milady's data is known, by enrollment; one that no sync has read is not in it."""
    return {row.enrollment_id: row.as_of for row in await tx.all(FRESHNESS, {"ids": enrollment_ids})}
