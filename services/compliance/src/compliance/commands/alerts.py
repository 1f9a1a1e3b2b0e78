"""Alerts: resolved and reopened in the transaction of what causes it, and resolved by hand (SPEC 3.3). Checks raise them (`checks`)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.alerts import AlertRaised, AlertResolved, Explanation

from compliance.commands import closing, rechecks
from compliance.domain.alerts import BY_HAND, ENROLLMENT_ENDED, AlertAlreadyResolved, settled
from compliance.queries import alerts as queries

# Of an enrollment's inactivity alerts the newest alone can be due: it stands while no later activity is known than it knew of.
STANDING = """
select a.alert_id, a.status, a.resolution, coalesce(w.minutes, 0) < t.target as due,
  case when t.target = 0 then 'excused' else 'target-reached' end as because
from unnest(cast(:enrollments as uuid[]), cast(:weeks as date[])) as g (enrollment_id, week_start)
join alert a on a.enrollment_id = g.enrollment_id and a.week_start = g.week_start
  and a.alert_type in ('midweek_progress', 'weekly_hours_check')
join enrollment e on e.enrollment_id = a.enrollment_id and e.status = 'active'
join requirement r on r.enrollment_id = a.enrollment_id and r.effective_from <= a.week_start
  and (r.effective_until is null or r.effective_until > a.week_start)
cross join lateral (
  select week_target(r.required_minutes_per_week, a.week_start, e.started_on, e.ended_on, leave_of(e.enrollment_id)) as target) t
left join weekly_total w on w.enrollment_id = a.enrollment_id and w.week_start = a.week_start
union all
select a.alert_id, a.status, a.resolution,
  coalesce(last.on <= k.known, true) and idle_days(k.active, e.started_on, k.checked, off.days) >= r.inactivity_days_threshold
    and not coalesce(off.days @> k.checked, false) as due,
  case when last.on > k.known then 'activity' else 'excused' end as because
from (select distinct on (a.enrollment_id) a.* from alert a
       where a.enrollment_id = any(:enrollments) and a.alert_type = 'inactivity_check'
       order by a.enrollment_id, a.raised_at desc, a.alert_id desc) a
join enrollment e on e.enrollment_id = a.enrollment_id and e.status = 'active'
cross join lateral (
  select (a.explanation ->> 'last_activity_on')::date as active, (a.explanation ->> 'checked_on')::date as checked,
    coalesce((a.explanation ->> 'last_activity_on')::date, '-infinity') as known) k
join requirement r on r.enrollment_id = a.enrollment_id and r.effective_from <= k.checked
  and (r.effective_until is null or r.effective_until > k.checked)
cross join lateral (select leave_of(e.enrollment_id) as days) off
cross join lateral (select max(w.last_activity_on) as on from weekly_total w where w.enrollment_id = a.enrollment_id) last
order by alert_id"""
RESOLVE = """update alert set status = 'resolved', revision = revision + 1, resolved_at = :now, resolution = :resolution
 where alert_id = any(:ids) and status = 'open' returning *"""
REOPEN = """update alert set status = 'open', revision = revision + 1, resolved_at = null, resolution = null
 where alert_id = any(:ids) and status = 'resolved' returning *"""
BY_HAND_SQL = """update alert set status = 'resolved', revision = revision + 1, resolved_at = :now, resolution = :resolution,
   resolved_by = :by, note = :note where alert_id = :id returning *"""
# A week of leave may have neither hours nor an alert; taken back, what its checks passed over is due.
WEEKS = """select week_start from alert where enrollment_id = :id union select week_start from weekly_total where enrollment_id = :id
 union select cast(w as date) from enrollment e
  cross join generate_series(date_trunc('week', cast(e.started_on as timestamp)), cast(:now as timestamptz), interval '7 days') w
  where e.enrollment_id = :id"""
STATE = (
    "alert_id", "revision", "enrollment_id", "student_id", "program_id", "alert_type", "severity", "week_start", "message", "raised_at",
    "escalated_at",
)  # fmt: skip
Week = tuple[UUID, date]


async def resolve(tx: Transaction, alert_ids: Sequence[UUID], resolution: str, now: datetime) -> int:
    """Resolves those of the alerts that are open. Returns how many."""
    if not alert_ids:
        return 0
    rows = await tx.all(RESOLVE, {"ids": list(alert_ids), "resolution": resolution, "now": now})
    for row in rows:
        _tell_resolved(tx, row)
    return len(rows)


async def reopen(tx: Transaction, alert_ids: Sequence[UUID]) -> None:
    """Reopens alerts whose hours went away again: same alert, new revision."""
    for row in await tx.all(REOPEN, {"ids": list(alert_ids)}) if alert_ids else ():
        publish(tx, AlertRaised(**_state(row)))
        after = {name: getattr(row, name) for name in ("alert_type", "severity", "status")}
        audit.record(tx, "alert.reopen", "alert", row.alert_id, subject_id=row.student_id, before={"status": "resolved"}, after=after)


async def resolve_by_hand(tx: Transaction, alert_id: UUID, note: str, now: datetime) -> Any:
    """Resolves an alert with a word on why; nothing reopens it. Raises AlertNotKnown or AlertAlreadyResolved."""
    alert = await queries.lock_one(tx, alert_id)
    if alert.status == "resolved":
        raise AlertAlreadyResolved(
            f"This alert is resolved already ({alert.resolution}). There is nothing to do.", resolution=alert.resolution
        )
    row = await tx.first(BY_HAND_SQL, {"id": alert_id, "resolution": BY_HAND, "by": tx.principal.user_id, "note": note, "now": now})
    _tell_resolved(tx, row)
    return row


async def settle(tx: Transaction, weeks: Sequence[Week], now: datetime, *, worse: Sequence[Week] = ()) -> None:
    """What follows from weeks whose totals, targets or days changed: closed ones are restated, alerts resolved and reopened, and where it
    got `worse` the checks that ran are made again. The students' ledgers are locked.
    """
    if not weeks:
        return
    await closing.restate(tx, weeks)
    found: dict[str, list[UUID]] = {}
    for row in await tx.all(STANDING, {"enrollments": [week[0] for week in weeks], "weeks": [week[1] for week in weeks]}):
        step = settled(row.status, row.resolution, row.due)
        found.setdefault(row.because if step == "resolve" else step, []).append(row.alert_id)
    found.pop("stay", None)
    await reopen(tx, found.pop("reopen", []))
    for because, ids in found.items():
        await resolve(tx, ids, because, now)
    await rechecks.note(tx, worse)


async def settle_enrollment(tx: Transaction, enrollment_id: UUID, now: datetime) -> None:
    """Settles every week of an enrollment whose counted days changed. The student's ledger is locked."""
    rows = await tx.all(WEEKS, {"id": enrollment_id, "now": now})
    weeks = [(enrollment_id, row.week_start) for row in rows]
    await settle(tx, weeks, now, worse=weeks)


async def resolve_ended(tx: Transaction, enrollment_id: UUID, now: datetime) -> None:
    """Resolves what is open of an enrollment that ended: nobody can act on it any more."""
    rows = await tx.all("select alert_id from alert where enrollment_id = :id and status = 'open'", {"id": enrollment_id})
    await resolve(tx, [row.alert_id for row in rows], ENROLLMENT_ENDED, now)


def _state(row: Any) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in STATE}, "explanation": Explanation.model_validate(row.explanation)}


def _tell_resolved(tx: Transaction, row: Any) -> None:
    publish(tx, AlertResolved(**_state(row), resolved_at=row.resolved_at, resolution=row.resolution, resolved_by=row.resolved_by))
    was, becomes = {"status": "open"}, {"status": row.status, "resolution": row.resolution}
    audit.record(tx, "alert.resolve", "alert", row.alert_id, subject_id=row.student_id, before=was, after=becomes)
