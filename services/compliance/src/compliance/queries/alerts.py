"""Reading alerts, and what explains them."""

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


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of alerts is narrowed to; None does not narrow."""

    status: str | None = None
    severity: str | None = None
    alert_type: str | None = None
    enrollment_id: UUID | None = None
    student_id: UUID | None = None
    week_start: date | None = None
    escalated: bool | None = None


async def alerts(tx: Transaction, wanted: Filter, sort: Sort, paging: Paging) -> Sequence[Any]:
    """Alerts, newest or most severe first; one more than the page holds."""
    a = alert.c
    keys = (a.rank, a.alert_id) if sort == "severity" else (a.raised_at, a.alert_id)
    statement = select(alert).order_by(*(key.desc() for key in keys)).limit(paging.limit + 1)
    for name in Filter.__slots__:
        if name != "escalated" and (value := getattr(wanted, name)) is not None:
            statement = statement.where(a[name] == value)
    if wanted.escalated is not None:
        statement = statement.where(a.escalated_at.is_not(None) if wanted.escalated else a.escalated_at.is_(None))
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


async def lock_one(tx: Transaction, alert_id: UUID) -> Any:
    """The alert, with its student's ledger locked. Raises AlertNotKnown."""
    await tx.execute(
        "select from student_ledger where student_id = (select student_id from alert where alert_id = :id) for update", {"id": alert_id}
    )
    return await one(tx, alert_id)
