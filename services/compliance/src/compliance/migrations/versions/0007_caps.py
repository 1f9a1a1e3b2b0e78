"""Caps and counting rules of programs, what is flagged by them, and what a coordinator accepts all the same (decision 15)."""

from chassis import schema
from chassis.migrate import execute
from contracts.people import KINDS

revision, down_revision = "0007", "0006"

TABLES = [
    """alter table program
      add column daily_cap_minutes int check (daily_cap_minutes > 0),
      add column weekly_cap_minutes int check (weekly_cap_minutes > 0),
      add column submitted_hours_count boolean not null default true,
      add column reports_verified_only boolean not null default true""",
    """create table hour_flag (
      log_id uuid primary key,
      enrollment_id uuid not null,
      student_id uuid not null,
      work_date date not null,
      over_minutes int not null check (over_minutes >= 0),
      double_credit boolean not null
    )""",
    """comment on table hour_flag is
      'What is noted of entries, kept with weekly_total: minutes past a cap, which do not count, and possible double credit.
       An entry whose flags are gone keeps a row that says so.'""",
    "create index hour_flag_day on hour_flag (student_id, work_date)",
    "create index hour_flag_over on hour_flag (log_id) where over_minutes > 0",
    "create index hour_flag_double on hour_flag (log_id) where double_credit",
    """create table hour_acceptance (
      acceptance_id uuid primary key default uuidv7(),
      log_id uuid not null,
      enrollment_id uuid not null,
      student_id uuid not null,
      minutes int not null check (minutes > 0),
      accepted_by uuid not null,
      accepted_at timestamptz not null default clock_timestamp()
    )""",
    "comment on table hour_acceptance is 'Append-only: an entry of up to so many minutes counts whole, whatever the caps.'",
    "create index hour_acceptance_entry on hour_acceptance (log_id)",
    "create index hour_acceptance_student on hour_acceptance (student_id)",
    "create index hour_entry_newest on hour_entry (work_date, log_id)",
]
VIEWS = [
    "drop view counted_hours",
    """create view current_hours with (security_invoker = true) as
      select h.*, coalesce(f.over_minutes, 0) as over_minutes, coalesce(f.double_credit, false) as double_credit,
        case when h.work_date >= e.started_on and h.work_date <= coalesce(e.ended_on, 'infinity')
          and (h.status = 'verified' or h.status = 'submitted' and coalesce(p.submitted_hours_count, true))
          then h.minutes - coalesce(f.over_minutes, 0) else 0 end as counted_minutes
       from newest_hours h left join enrollment e using (enrollment_id) left join program p using (program_id)
       left join hour_flag f using (log_id)""",
    "comment on view current_hours is 'The newest revision of each entry, with its flags and how many of its minutes count.'",
    """create view counted_hours with (security_invoker = true) as
      select log_id, revision, enrollment_id, student_id, work_date, week_start, minutes, counted_minutes, category, source, status,
        recorded_at
       from current_hours where counted_minutes > 0""",
    "comment on view counted_hours is 'Those of current_hours that count for weeks and alerts; weekly_total.minutes is their sum.'",
]
OWN, SEEN = "student_id = acting_user()", f"student_id = {schema.VISIBLE}"
KEEP = "select, insert, update"
RULES = {
    "hour_flag": {"student": (KEEP, OWN), "partner": (KEEP, SEEN), "admin": (KEEP, "true"), "system": (KEEP, "true")},
    "hour_acceptance": {
        "student": ("select", OWN),
        "partner": ("select, insert", SEEN),
        "admin": ("select, insert", "true"),
        "system": ("select", "true"),
    },
}


def upgrade() -> None:
    execute([*TABLES, *VIEWS])
    for table, rules in RULES.items():
        execute(schema.protect("compliance", table, rules))
    everyone = ", ".join(schema.role("compliance", kind) for kind in KINDS)
    deciders = ", ".join(schema.role("compliance", kind) for kind in ("partner", "admin"))
    others = "accepted_by = acting_user() and student_id <> acting_user()"
    execute(
        [
            f"grant select on current_hours, counted_hours to {everyone}",
            f"create policy hour_acceptance_by on hour_acceptance as restrictive for insert to {deciders} with check ({others})",
        ]
    )
