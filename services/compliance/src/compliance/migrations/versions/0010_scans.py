"""Scans work in batches, weeks are closed, alerts escalate and are resolved by hand, and checks wait for Milady's data (decision 17)."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0010", "0009"

SCANS = [
    "alter table scan drop constraint scan_kind_check",
    """alter table scan
      add check (kind in ('midweek', 'weekly', 'inactivity', 'close')),
      add column held int not null default 0,
      add column counts jsonb not null default '{}',
      add column took_ms int not null default 0,
      add column running boolean not null default false,
      add column upto uuid,
      add column sofar jsonb not null default '{}'""",
    "comment on column scan.upto is 'The last enrollment that is done, of those in the order of their ids, while the scan runs.'",
    "comment on column scan.sofar is 'What this pass did so far; a pass that changed nothing leaves the record as it was.'",
    "create index scan_running on scan (scan_id) where running",
    """create table held_check (
      scan_id uuid not null,
      enrollment_id uuid not null,
      student_id uuid not null,
      primary key (enrollment_id, scan_id)
    )""",
    """comment on table held_check is
      'Alerts that a scan would have raised on data of Milady''s that was too old: judged again when newer data is there.'""",
    """create table recheck (
      enrollment_id uuid not null,
      week_start date not null,
      student_id uuid not null,
      closing_only boolean not null default false,
      primary key (enrollment_id, week_start)
    )""",
    """comment on table recheck is
      'Weeks whose hours or targets got worse: the checks that ran are made again for the enrollment, within a second.'""",
    """create table digest_due (
      scan_id uuid not null,
      alert_id uuid not null,
      student_id uuid not null,
      primary key (scan_id, alert_id)
    )""",
    "comment on table digest_due is 'Alerts that a scan raised or let rise, until its digests are sent.'",
    """create table milady_enrollment (
      enrollment_id uuid primary key
    )""",
    """comment on table milady_enrollment is
      'Enrollments with hours on Milady, or that a sync has named: who is not here does not wait for its data.'""",
    "insert into milady_enrollment select distinct enrollment_id from hour_entry where source = 'lms'",
    "alter table sync_run add column received_at timestamptz not null default now()",
]
WEEKS = [
    """alter table weekly_total
      add column revision int not null default 0,
      add column result text check (result in ('met', 'missed', 'excused')),
      add column target_minutes int,
      add column required_minutes int,
      add column told_minutes int,
      add column met_in_a_row int,
      add column missed_in_a_row int,
      add column closed_at timestamptz,
      add check ((result is null) = (closed_at is null))""",
    "comment on column weekly_total.revision is 'Of week.closed: 0 while the week is not closed.'",
]
ALERTS = [
    "alter table alert drop constraint alert_enrollment_id_alert_type_week_start_key",
    "create index alert_week on alert (enrollment_id, alert_type, week_start)",
    "create unique index alert_of_hours on alert (enrollment_id, alert_type, week_start) where alert_type <> 'inactivity_check'",
    "create unique index alert_of_silence on alert (enrollment_id) where alert_type = 'inactivity_check' and status = 'open'",
    """alter table alert
      add column escalated_at timestamptz,
      add column resolved_by uuid,
      add column note text""",
    "create index alert_escalated on alert (rank, alert_id) where status = 'open' and escalated_at is not null",
    "create index alert_aging on alert (raised_at) where status = 'open' and escalated_at is null",
    "alter table program add column partner_id uuid",
]
HOURS_TEXT = """create function hours_text(minutes int) returns text language sql immutable parallel safe
  return ((10 * minutes + 3) / 6 / 100)::text || '.' || lpad(((10 * minutes + 3) / 6 % 100)::text, 2, '0')"""
OWN, SEEN = "student_id = acting_user()", f"student_id = {schema.VISIBLE}"
ADD = "select, insert, update (closing_only)"
RULES = {
    "held_check": {"admin": ("select", "true"), "system": ("all", "true")},
    "recheck": {"student": (ADD, OWN), "partner": (ADD, SEEN), "admin": (ADD, "true"), "system": ("all", "true")},
    "digest_due": {"system": ("all", "true")},
}


def upgrade() -> None:
    unforced = "alter table hour_entry no force row level security"
    execute([unforced, *SCANS, unforced.replace("no force", "force"), *WEEKS, *ALERTS, HOURS_TEXT])
    for table, rules in RULES.items():
        execute(schema.protect("compliance", table, rules))
    people = ", ".join(schema.role("compliance", kind) for kind in ("student", "partner", "admin"))
    restated = "revision, result, target_minutes, required_minutes, told_minutes, met_in_a_row, missed_in_a_row"
    execute(
        [
            f"grant update ({restated}) on weekly_total to {people}",
            "grant update (resolved_by, note) on alert to compliance_partner",
            "grant select, insert on milady_enrollment to compliance_system",
            "grant select on milady_enrollment to compliance_admin",
        ]
    )
