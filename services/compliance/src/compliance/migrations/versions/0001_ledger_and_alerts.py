"""The hour ledger, its weekly totals, alerts and scans, with the projections that they are decided by."""

from chassis import schema
from chassis.migrate import execute
from contracts.people import KINDS

revision, down_revision = "0001", None
SERVICE = "compliance"

PROJECTIONS = [
    """create table enrollment (
      enrollment_id uuid primary key,
      student_id uuid not null,
      program_id uuid not null,
      started_on date not null,
      ended_on date,
      status text not null check (status in ('active', 'withdrawn', 'completed')),
      revision int not null
    )""",
    "create index enrollment_student on enrollment (student_id)",
    "create index enrollment_program on enrollment (program_id)",
    """create table program (
      program_id uuid primary key,
      name text not null,
      time_zone text not null,
      required_minutes_per_week int not null check (required_minutes_per_week >= 0),
      inactivity_days_threshold int not null check (inactivity_days_threshold > 0),
      revision int not null
    )""",
    """create table sync_run (
      sync_id uuid primary key,
      scope_kind text not null check (scope_kind in ('all', 'program', 'enrollment')),
      scope_id uuid,
      as_of timestamptz not null,
      failed uuid[] not null
    )""",
    "create index sync_run_scope on sync_run (scope_kind, scope_id, as_of desc)",
]

LEDGER = [
    "create table student_ledger (student_id uuid primary key, version bigint not null default 1)",
    """comment on table student_ledger is
      'One row per student: the lock under which hours and alerts change. version grows with each change, so that a statement that
       waited for the lock sees that what it read beside it is of yesterday.'""",
    """create table hour_entry (
      log_id uuid not null default uuidv7(),
      revision int not null check (revision > 0),
      enrollment_id uuid not null,
      student_id uuid not null,
      work_date date not null,
      week_start date not null generated always as (work_date - (extract(isodow from work_date)::int - 1)) stored,
      minutes int not null check (minutes >= 0),
      category text check (category in ('theory', 'practical')),
      source text not null check (source in ('manual', 'scorm', 'partner', 'mobile', 'lms', 'coordinator')),
      status text not null check (status in ('submitted', 'verified', 'rejected', 'voided')),
      logged_by uuid,
      notes text,
      reason text,
      external_key text,
      recorded_at timestamptz not null default now(),
      primary key (log_id, revision),
      check (status <> 'voided' or minutes = 0)
    )""",
    "create index hour_entry_day on hour_entry (student_id, work_date)",
    "create index hour_entry_week on hour_entry (enrollment_id, work_date)",
    """create unique index hour_entry_key on hour_entry (enrollment_id, source, external_key)
      where revision = 1 and external_key is not null""",
    """create view newest_hours with (security_invoker = true) as
      select h.* from hour_entry h
       where not exists (select from hour_entry n where n.log_id = h.log_id and n.revision > h.revision)""",
    """create table weekly_total (
      enrollment_id uuid not null,
      week_start date not null check (extract(isodow from week_start) = 1),
      student_id uuid not null,
      minutes int not null,
      entries int not null,
      last_activity_on date,
      primary key (enrollment_id, week_start)
    )""",
]

ALERTS = [
    """create table alert (
      alert_id uuid primary key default uuidv7(),
      revision int not null default 1,
      enrollment_id uuid not null,
      student_id uuid not null,
      program_id uuid not null,
      alert_type text not null check (alert_type in ('midweek_progress', 'weekly_hours_check', 'inactivity_check')),
      week_start date not null,
      severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
      rank smallint not null generated always as (array_position(array['low', 'medium', 'high', 'critical'], severity)) stored,
      status text not null default 'open' check (status in ('open', 'resolved')),
      message text not null,
      explanation jsonb not null,
      raised_at timestamptz not null,
      resolved_at timestamptz,
      resolution text,
      unique (enrollment_id, alert_type, week_start),
      check ((status = 'resolved') = (resolved_at is not null) and (status = 'resolved') = (resolution is not null))
    )""",
    "create index alert_student on alert (student_id)",
    "create index alert_open on alert (rank, alert_id) where status = 'open'",
    """create table scan (
      scan_id uuid primary key default uuidv7(),
      kind text not null check (kind in ('midweek', 'weekly')),
      zone text not null,
      local_date date not null,
      as_of timestamptz not null,
      checked int not null default 0,
      raised int not null default 0,
      risen int not null default 0,
      superseded int not null default 0,
      finished_at timestamptz,
      unique (kind, zone, local_date)
    )""",
]

OWN, SEEN = "student_id = acting_user()", f"student_id = {schema.VISIBLE}"
SETTLE = "select, update (revision, status, resolved_at, resolution)"
ADD_UP = "select, insert, update (minutes, entries, last_activity_on)"
RULES = {
    "enrollment": {"student": ("select", OWN), "partner": ("select", SEEN), "admin": ("select", "true"), "system": ("all", "true")},
    "student_ledger": {
        "student": ("select, update (version)", OWN),
        "partner": ("select, update (version)", SEEN),
        "admin": ("select, update (version)", "true"),
        "system": ("select, insert, update", "true"),
    },
    "hour_entry": {
        "student": ("select, insert", OWN),
        "partner": ("select, insert", SEEN),
        "admin": ("select, insert", "true"),
        "system": ("select, insert", "true"),
    },
    "weekly_total": {"student": (ADD_UP, OWN), "partner": (ADD_UP, SEEN), "admin": (ADD_UP, "true"), "system": ("all", "true")},
    "alert": {
        "student": (SETTLE, OWN),
        "partner": (SETTLE, SEEN),
        "admin": ("select, insert, update", "true"),
        "system": ("select, insert, update", "true"),
    },
}
AUTHORS = {
    "student": "logged_by = acting_user() and source in ('manual', 'mobile') and status in ('submitted', 'voided')",
    "partner": "logged_by = acting_user() and source = 'partner' and status in ('submitted', 'voided')",
    "admin": "source <> 'lms' and status = 'voided'",
}


def upgrade() -> None:
    execute(schema.install(SERVICE, KINDS))
    execute([*PROJECTIONS, *LEDGER, *ALERTS])
    for table, rules in RULES.items():
        execute(schema.protect(SERVICE, table, rules))
    for kind, may_write in AUTHORS.items():
        to = schema.role(SERVICE, kind)
        execute([f"create policy hour_entry_author_{kind} on hour_entry as restrictive for insert to {to} with check ({may_write})"])
    everyone = ", ".join(schema.role(SERVICE, kind) for kind in KINDS)
    admin, system = schema.role(SERVICE, "admin"), schema.role(SERVICE, "system")
    execute(
        [
            f"grant select on newest_hours, program to {everyone}",
            f"grant insert, update on program to {system}",
            f"grant select on sync_run to {admin}",
            f"grant select, insert, update on sync_run to {system}",
            f"grant select, insert, update on scan to {admin}, {system}",
        ]
    )
