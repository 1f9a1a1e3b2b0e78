"""Alerts: resolved and reopened in the transaction of what causes it, and resolved by hand (SPEC 3.3). Checks raise them (`checks`)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from contracts.alerts import AlertRaised, AlertResolved

from compliance.commands import closing, rechecks, telling
from compliance.domain.alerts import BY_HAND, ENROLLMENT_ENDED, AlertAlreadyResolved, settled
from compliance.queries import alerts as queries

# Of an enrollment's inactivity alerts the newest alone can be due: it stands while no later activity is known than it knew of.
STANDING = """
select a.alert_id, a.enrollment_id, a.status, a.resolution, coalesce(w.minutes, 0) < t.target as due,
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
select a.alert_id, a.enrollment_id, a.status, a.resolution,
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
TOLD_RESOLVED = f"""told as ({telling.events(AlertResolved, telling.RESOLVED, "settled")}),
noted as ({telling.entries("'alert.resolve'", "alert", "alert_id", telling.WAS_OPEN, telling.IS_RESOLVED, "settled")})"""
RESOLVE = f"""with settled as (
  update alert set status = 'resolved', revision = revision + 1, resolved_at = :now, resolution = :resolution
  where alert_id = any(:ids) and status = 'open' returning *
), {TOLD_RESOLVED} select count(*) from settled"""
REOPEN = f"""with settled as (
  update alert set status = 'open', revision = revision + 1, resolved_at = null, resolution = null
  where alert_id = any(:ids) and status = 'resolved' returning *
), told as ({telling.events(AlertRaised, telling.ALERT, "settled")}),
noted as ({telling.entries("'alert.reopen'", "alert", "alert_id", telling.WAS_RESOLVED, telling.IS_OPEN, "settled")})
select count(*) from settled"""
BY_HAND_SQL = f"""with settled as (
  update alert set status = 'resolved', revision = revision + 1, resolved_at = :now, resolution = :resolution,
    resolved_by = :by, note = :note where alert_id = :id returning *
), {TOLD_RESOLVED} select * from settled"""
# A week of leave may have neither hours nor an alert; taken back, what its checks passed over is due.
WEEKS = """select week_start from alert where enrollment_id = :id union select week_start from weekly_total where enrollment_id = :id
 union select cast(w as date) from enrollment e
  cross join generate_series(date_trunc('week', cast(e.started_on as timestamp)), cast(:now as timestamptz), interval '7 days') w
  where e.enrollment_id = :id"""
Week = tuple[UUID, date]


async def _resolve(tx: Transaction, found: Sequence[Any], resolution: str, now: datetime) -> None:
    if found:
        about = {"ids": [row.alert_id for row in found], "resolution": resolution, "now": now}
        await tx.execute(RESOLVE, about | telling.who(tx, AlertResolved, keys={row.enrollment_id for row in found}))


async def _reopen(tx: Transaction, found: Sequence[Any]) -> None:
    """Those whose hours went away again: same alert, new revision."""
    if found:
        ids = [row.alert_id for row in found]
        await tx.execute(REOPEN, {"ids": ids} | telling.who(tx, AlertRaised, keys={row.enrollment_id for row in found}))


async def resolve_by_hand(tx: Transaction, alert_id: UUID, note: str, now: datetime) -> Any:
    """Resolves an alert with a word on why; nothing reopens it. Raises AlertNotKnown or AlertAlreadyResolved."""
    alert = await queries.lock_one(tx, alert_id)
    if alert.status == "resolved":
        raise AlertAlreadyResolved(
            f"This alert is resolved already ({alert.resolution}). There is nothing to do.", resolution=alert.resolution
        )
    about = {"id": alert_id, "resolution": BY_HAND, "by": tx.principal.user_id, "note": note, "now": now}
    return await tx.first(BY_HAND_SQL, about | telling.who(tx, AlertResolved))


async def settle(tx: Transaction, weeks: Sequence[Week], now: datetime, *, worse: Sequence[Week] = ()) -> None:
    """What follows from weeks whose totals, targets or days changed: closed ones are restated, alerts resolved and reopened, and where it
    got `worse` the checks that ran are made again. The students' ledgers are locked.
    """
    if not weeks:
        return
    await closing.restate(tx, weeks)
    found: dict[str, list[Any]] = {}
    for row in await tx.all(STANDING, {"enrollments": [week[0] for week in weeks], "weeks": [week[1] for week in weeks]}):
        step = settled(row.status, row.resolution, row.due)
        found.setdefault(row.because if step == "resolve" else step, []).append(row)
    found.pop("stay", None)
    await _reopen(tx, found.pop("reopen", []))
    for because, rows in found.items():
        await _resolve(tx, rows, because, now)
    await rechecks.note(tx, worse)


async def settle_enrollment(tx: Transaction, enrollment_id: UUID, now: datetime) -> None:
    """Settles every week of an enrollment whose counted days changed. The student's ledger is locked."""
    rows = await tx.all(WEEKS, {"id": enrollment_id, "now": now})
    weeks = [(enrollment_id, row.week_start) for row in rows]
    await settle(tx, weeks, now, worse=weeks)


async def resolve_ended(tx: Transaction, enrollment_id: UUID, now: datetime) -> None:
    """Resolves what is open of an enrollment that ended: nobody can act on it any more."""
    rows = await tx.all("select alert_id, enrollment_id from alert where enrollment_id = :id and status = 'open'", {"id": enrollment_id})
    await _resolve(tx, rows, ENROLLMENT_ENDED, now)
