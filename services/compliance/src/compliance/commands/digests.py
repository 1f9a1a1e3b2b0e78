"""Telling people of a scan: one digest to each partner, one word to a program holder of what escalates (SPEC 3.3, 3.9)."""

from datetime import datetime, timedelta
from typing import Any

from chassis.database import Transaction
from contracts.alerts import AlertRaised
from contracts.messages import MessageRequested

from compliance.commands import telling

AT_MOST = 200
"""Alerts in one message, the most severe; `total` says how many there are."""
LINE = """json_build_object('alert_id', t.alert_id, 'student_id', t.student_id, 'enrollment_id', t.enrollment_id,
   'program_id', t.program_id, 'alert_type', t.alert_type, 'severity', t.severity, 'message', t.message)"""
MAILS = """{name}_line as (
  select {to} as recipient_id, t.alert_id || '/' || t.revision as about, {line} as line,
    row_number() over (partition by {to} order by t.rank desc, t.alert_id) as n
  from told t join {whom} where {which}
), {name} as (
  select recipient_id, 1 as revision, '{kind}' as kind, md5(:seed || '{kind}' || recipient_id || string_agg(about, ' ' order by n))::uuid
      as message_id,
    json_build_object('scan', cast(:scan as text), 'date', cast(:day as date), 'zone', cast(:zone as text), 'total', count(*),
      'alerts', json_agg(line order by n) filter (where n <= {at_most})) as data
  from {name}_line group by recipient_id
), {name}_out as ({out})"""
OUT = "'revision', a.revision, 'message_id', a.message_id, 'recipient_id', a.recipient_id, 'kind', a.kind, 'data', a.data"
SEEN = "lateral (select distinct v.viewer_id from access_grant v where v.active and v.subject_id = t.student_id) g on true"
HOLDER = "program p on p.program_id = t.program_id and p.partner_id is not null"


def _mails(name: str, kind: str, to: str, whom: str, which: str) -> str:
    out = telling.events(MessageRequested, OUT, name)
    return MAILS.format(name=name, kind=kind, to=to, whom=whom, which=which, line=LINE, at_most=AT_MOST, out=out)


# A program holder to whom the student is assigned has the alert in the digest already.
UNTOLD = """t.severity = 'critical' and not exists (
     select from access_grant g where g.active and g.viewer_id = p.partner_id and g.subject_id = t.student_id)"""


def _escalated(which: str) -> str:
    return _mails("escalation", "alerts-escalated", "p.partner_id", HOLDER, which)


SEND = f"""
with due as (delete from digest_due where scan_id = :id returning alert_id),
told as materialized (
  select a.alert_id, a.revision, a.enrollment_id, a.student_id, a.program_id, a.alert_type, a.severity, a.rank, a.message
  from alert a join due using (alert_id) where a.status = 'open'
),
{_mails("digest", "alerts-digest", "g.viewer_id", SEEN, "true")},
{_escalated(UNTOLD)} select 1"""
# The state goes out anew, since it says since when the alert has escalated.
AGED = f"""
with told as materialized (
  update alert a set escalated_at = :now, revision = a.revision + 1
  from enrollment e, program p where a.status = 'open' and a.escalated_at is null and a.raised_at < :before
   and e.enrollment_id = a.enrollment_id and p.program_id = e.program_id and p.time_zone = :zone
  returning a.*
), told_events as ({telling.events(AlertRaised, telling.ALERT, "told")}),
told_entries as (
  {telling.entries("'alert.escalate'", "alert", "alert_id", "cast(null as jsonb)", "jsonb_build_object('severity', a.severity)", "told")}
), {_escalated("true")} select count(*) from told"""
LOCK = """select from student_ledger where student_id in (
   select a.student_id from alert a join enrollment e using (enrollment_id) join program p on p.program_id = e.program_id
    where a.status = 'open' and a.escalated_at is null and a.raised_at < :before and p.time_zone = :zone)
 order by student_id for update"""


async def send(tx: Transaction, scan: Any) -> None:
    """One message to each partner who sees a student with an alert that the scan raised or let rise; nobody is told of nothing."""
    about = {"id": scan.scan_id, "seed": str(scan.scan_id), "scan": scan.kind, "day": scan.local_date, "zone": scan.zone}
    await tx.execute(SEND, about | telling.who(tx, MessageRequested))


async def escalate_aged(tx: Transaction, zone: str, now: datetime, days: int) -> int:
    """Escalates what has been open in the zone for more than so many days. Returns how many alerts."""
    since = {"before": now - timedelta(days=days), "zone": zone}
    await tx.execute(LOCK, since)
    about = {"now": now, "seed": now.isoformat(), "scan": "escalation", "day": now.date()}
    escalated: int = await tx.scalar(AGED, since | about | telling.who(tx, AlertRaised, MessageRequested))
    return escalated
