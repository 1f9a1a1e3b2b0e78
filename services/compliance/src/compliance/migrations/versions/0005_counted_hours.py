"""What counts for weeks and alerts is said in one place."""

from chassis import schema
from chassis.migrate import execute
from contracts.people import KINDS

revision, down_revision = "0005", "0004"

VIEW = """create view counted_hours with (security_invoker = true) as
 select h.log_id, h.revision, h.enrollment_id, h.student_id, h.work_date, h.week_start, h.minutes, h.minutes as counted_minutes,
   h.category, h.source, h.status, h.recorded_at
  from newest_hours h join enrollment e using (enrollment_id)
  where h.minutes > 0 and h.status <> 'rejected' and h.work_date >= e.started_on and h.work_date <= coalesce(e.ended_on, 'infinity')"""
COMMENT = """comment on view counted_hours is
 'The newest revisions that count for weeks and alerts, and how many minutes of each: weekly_total.minutes is their sum (SPEC 3.2).'"""


def upgrade() -> None:
    everyone = ", ".join(schema.role("compliance", kind) for kind in KINDS)
    execute([VIEW, COMMENT, f"grant select on counted_hours to {everyone}"])
