"""Hours are corrected, verified and rejected by new revisions; of each it is known who made it (SPEC 3.2)."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0006", "0005"

OTHERS = "logged_by <> acting_user() and student_id <> acting_user()"
AUTHORS = {
    "student": "logged_by = acting_user() and source in ('manual', 'mobile') and status in ('submitted', 'voided')",
    "partner": f"""source <> 'lms' and (
       logged_by = acting_user() and source in ('partner', 'coordinator') and status in ('submitted', 'voided')
       or {OTHERS} and revision > 1 and status in ('submitted', 'verified', 'rejected'))""",
    "admin": f"""source <> 'lms' and (
       status = 'voided'
       or status = 'submitted' and (revision > 1 or source = 'partner' and logged_by = acting_user())
       or status in ('verified', 'rejected') and {OTHERS})""",
}
"""Which revisions each kind of principal may write, all in their own name; which partner may decide on what is told by their role."""
STATEMENTS = [
    "alter table hour_entry add column recorded_by uuid",
    "comment on column hour_entry.recorded_by is 'Who made this revision; empty for lms hours, and in older rows.'",
    # Revisions of an entry are told apart by when they were made: a transaction that waited has begun earlier than what it waited for.
    "alter table hour_entry alter column recorded_at set default clock_timestamp()",
    """create or replace view newest_hours with (security_invoker = true) as
      select h.* from hour_entry h
       where not exists (select from hour_entry n where n.log_id = h.log_id and n.revision > h.revision)""",
    "create index outbox_hours_rejected on outbox (key) where topic = 'hours.rejected'",
]


def upgrade() -> None:
    execute(STATEMENTS)
    for kind, may_write in AUTHORS.items():
        name, to = f"hour_entry_author_{kind}", schema.role("compliance", kind)
        check = f"recorded_by = acting_user() and ({may_write})"
        execute([f"drop policy {name} on hour_entry"])
        execute([f"create policy {name} on hour_entry as restrictive for insert to {to} with check ({check})"])
