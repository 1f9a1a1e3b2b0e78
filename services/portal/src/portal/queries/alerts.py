"""Alerts as `compliance` told of them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from portal.queries.disclosed import shown

COLUMNS = """a.alert_id, a.enrollment_id, a.student_id, a.program_id, a.alert_type, a.severity, a.week_start, a.message, a.explanation,
  a.status, a.raised_at, a.resolved_at, a.resolution, a.revision"""
OPEN = f"""
select {COLUMNS}, s.name as student_name, p.name as program_name, coalesce(p.time_zone, 'America/New_York') as time_zone
from alert a left join person s on s.user_id = a.student_id left join program p on p.program_id = a.program_id
where a.status = 'open' and (a.student_id = cast(:student as uuid) or cast(:student as uuid) is null)
order by array_position(array['critical', 'high', 'medium', 'low'], a.severity), a.raised_at desc, a.alert_id limit :most"""
LISTED = f"""
select {COLUMNS} from alert a
where (cast(:status as text) is null or a.status = :status)
  and (cast(:enrollment_id as uuid) is null or a.enrollment_id = :enrollment_id)
  and (cast(:raised_at as timestamptz) is null or (a.raised_at, a.alert_id) < (:raised_at, cast(:alert_id as uuid)))
order by a.raised_at desc, a.alert_id desc limit :most"""


async def open_alerts(tx: Transaction, student_id: UUID | None = None, *, most: int = 100) -> Sequence[Any]:
    """Open alerts of one student, or of all whom the one who asks may see; the most severe first."""
    return shown(tx, await tx.all(OPEN, {"student": student_id, "most": most}))


async def listed(
    tx: Transaction, *, status: str | None, enrollment_id: UUID | None, after: Sequence[Any] | None, most: int
) -> Sequence[Any]:
    """Alerts, the newest first; `after` is (raised_at, alert_id) of the last one of the page before."""
    raised_at, alert_id = after or (None, None)
    return await tx.all(
        LISTED, {"status": status, "enrollment_id": enrollment_id, "raised_at": raised_at, "alert_id": alert_id, "most": most}
    )
