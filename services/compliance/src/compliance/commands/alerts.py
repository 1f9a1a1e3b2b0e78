"""Alerts: raised and risen set by set, resolved and reopened in the transaction of the hours that cause it (SPEC 3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.alerts import AlertRaised, AlertResolved, Explanation

from compliance.domain.alerts import ENROLLMENT_ENDED, TARGET_REACHED, settled
from compliance.domain.weeks import target_minutes

WEEKS = """select a.alert_id, a.status, a.resolution, a.week_start, e.started_on, e.ended_on, p.required_minutes_per_week,
   coalesce(w.minutes, 0) as total
 from unnest(cast(:enrollments as uuid[]), cast(:weeks as date[])) as t (enrollment_id, week_start)
 join alert a using (enrollment_id, week_start)
 join enrollment e using (enrollment_id)
 join program p on p.program_id = e.program_id
 left join weekly_total w using (enrollment_id, week_start)
 where a.alert_type in ('midweek_progress', 'weekly_hours_check') and e.status = 'active' order by a.alert_id"""
RESOLVE = """update alert set status = 'resolved', revision = revision + 1, resolved_at = :now, resolution = :resolution
 where alert_id = any(:ids) and status = 'open' returning *"""
REOPEN = """update alert set status = 'open', revision = revision + 1, resolved_at = null, resolution = null
 where alert_id = any(:ids) and status = 'resolved' returning *"""
RAISE = """insert into alert (enrollment_id, student_id, program_id, alert_type, week_start, severity, message, explanation, raised_at)
 select t.*, cast(:now as timestamptz) from unnest(cast(:enrollment_id as uuid[]), cast(:student_id as uuid[]), cast(:program_id as uuid[]),
   cast(:alert_type as text[]), cast(:week_start as date[]), cast(:severity as text[]), cast(:message as text[]),
   cast(cast(:explanation as text[]) as jsonb[])) as t
 returning *"""
RISE = """update alert a set severity = t.severity, message = t.message, explanation = t.explanation, revision = a.revision + 1
 from unnest(cast(:alert_id as uuid[]), cast(:severity as text[]), cast(:message as text[]), cast(cast(:explanation as text[]) as jsonb[]))
   as t (alert_id, severity, message, explanation)
 where a.alert_id = t.alert_id returning a.*"""
STATE = (
    "alert_id",
    "revision",
    "enrollment_id",
    "student_id",
    "program_id",
    "alert_type",
    "severity",
    "week_start",
    "message",
    "raised_at",
)
Week = tuple[UUID, date]


@dataclass(frozen=True, slots=True)
class Due:
    """An alert that a check found due, with what explains it; `alert_id` is None unless one is open."""

    enrollment_id: UUID
    student_id: UUID
    program_id: UUID
    alert_type: str
    week_start: date
    severity: str
    message: str
    explanation: Explanation
    alert_id: UUID | None = None


async def raise_alerts(tx: Transaction, found: Sequence[Due], now: datetime) -> Sequence[Any]:
    """Raises new alerts; gives their rows."""
    if not found:
        return []
    columns = ("enrollment_id", "student_id", "program_id", "alert_type", "week_start", "severity", "message")
    rows = await tx.all(RAISE, {"now": now, **_arrays(found, columns)})
    _tell_raised(tx, "alert.raise", rows)
    return rows


async def rise(tx: Transaction, found: Sequence[Due]) -> Sequence[Any]:
    """Lets open alerts rise in severity: same alert, new revision; gives their rows."""
    if not found:
        return []
    rows = await tx.all(RISE, _arrays(found, ("alert_id", "severity", "message")))
    _tell_raised(tx, "alert.rise", rows)
    return rows


async def resolve(tx: Transaction, alert_ids: Sequence[UUID], resolution: str, now: datetime) -> int:
    """Resolves those of the alerts that are open. Returns how many."""
    if not alert_ids:
        return 0
    rows = await tx.all(RESOLVE, {"ids": list(alert_ids), "resolution": resolution, "now": now})
    for row in rows:
        publish(tx, AlertResolved(**_state(row), resolved_at=row.resolved_at, resolution=row.resolution))
        audit.record(tx, "alert.resolve", "alert", row.alert_id, subject_id=row.student_id, after={"resolution": resolution})
    return len(rows)


async def reopen(tx: Transaction, alert_ids: Sequence[UUID]) -> None:
    """Reopens alerts whose hours went away again: same alert, new revision."""
    if alert_ids:
        _tell_raised(tx, "alert.reopen", await tx.all(REOPEN, {"ids": list(alert_ids)}))


async def settle(tx: Transaction, weeks: Sequence[Week], now: datetime) -> None:
    """Resolves and reopens the hours alerts of weeks whose totals or targets changed. The students' ledgers are locked."""
    found: dict[str, list[UUID]] = {"resolve": [], "reopen": [], "stay": []}
    for row in await tx.all(WEEKS, {"enrollments": [w[0] for w in weeks], "weeks": [w[1] for w in weeks]}):
        target = target_minutes(row.required_minutes_per_week, row.week_start, started_on=row.started_on, ended_on=row.ended_on)
        found[settled(row.status, row.resolution, row.total, target)].append(row.alert_id)
    await resolve(tx, found["resolve"], TARGET_REACHED, now)
    await reopen(tx, found["reopen"])


async def resolve_ended(tx: Transaction, enrollment_id: UUID, now: datetime) -> None:
    """Resolves what is open of an enrollment that ended: nobody can act on it any more."""
    rows = await tx.all("select alert_id from alert where enrollment_id = :id and status = 'open'", {"id": enrollment_id})
    await resolve(tx, [row.alert_id for row in rows], ENROLLMENT_ENDED, now)


def _arrays(found: Sequence[Due], columns: Sequence[str]) -> dict[str, list[Any]]:
    arrays = {name: [getattr(each, name) for each in found] for name in columns}
    return {**arrays, "explanation": [each.explanation.model_dump_json() for each in found]}


def _state(row: Any) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in STATE}, "explanation": Explanation.model_validate(row.explanation)}


def _tell_raised(tx: Transaction, action: str, rows: Sequence[Any]) -> None:
    for row in rows:
        publish(tx, AlertRaised(**_state(row)))
        audit.record(
            tx, action, "alert", row.alert_id, subject_id=row.student_id, after={"alert_type": row.alert_type, "severity": row.severity}
        )
