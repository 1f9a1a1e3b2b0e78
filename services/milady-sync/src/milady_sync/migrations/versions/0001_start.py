"""What milady-sync owns: projections, provisionings, courses, time, sync runs (SPEC 1, 3.4)."""

from chassis import schema
from chassis.migrate import execute
from contracts.people import KINDS

revision, down_revision = "0001", None
SERVICE = "milady-sync"

TABLES = [
    """create table person (
      user_id uuid primary key,
      name text not null,
      email text not null,
      status text not null,
      revision int not null
    )""",
    """create table program (
      program_id uuid primary key,
      partner_id uuid not null,
      time_zone text not null,
      courses jsonb not null,
      revision int not null
    )""",
    """create table enrollment (
      enrollment_id uuid primary key,
      student_id uuid not null,
      program_id uuid not null,
      started_on date not null,
      status text not null,
      revision int not null
    )""",
    "create index enrollment_student on enrollment (student_id)",
    "create index enrollment_program on enrollment (program_id) where status = 'active'",
    """create table provisioning (
      enrollment_id uuid primary key,
      student_id uuid not null,
      state text not null check (state in ('pending', 'requested', 'provisioned', 'failed', 'cancelled')),
      attempts int not null default 0,
      requested_at timestamptz,
      next_attempt_at timestamptz,
      reason text,
      milady_student_id text,
      provisioned_at timestamptz,
      revision int not null default 1
    )""",
    "create index provisioning_student on provisioning (student_id)",
    "create index provisioning_open on provisioning (state) where state in ('pending', 'requested', 'failed')",
    """create table milady_course (
      enrollment_id uuid not null,
      course_code text not null,
      student_id uuid not null,
      title text not null,
      minutes_required int not null,
      milady_enrollment_id text not null,
      percent numeric not null default 0,
      minutes_spent int not null default 0,
      last_accessed_at timestamptz,
      as_of timestamptz,
      revision int not null default 0,
      primary key (enrollment_id, course_code)
    )""",
    "create index milady_course_student on milady_course (student_id)",
    """create table milady_time_tracking (
      log_id uuid primary key,
      revision int not null,
      enrollment_id uuid not null,
      course_code text not null,
      student_id uuid not null,
      date date not null,
      lesson_id text not null,
      lesson_name text not null,
      activity_type text not null,
      hours_spent numeric not null,
      minutes int not null,
      voided boolean not null default false,
      last_synced_at timestamptz not null,
      unique (enrollment_id, course_code, date, lesson_id, activity_type)
    )""",
    "create index milady_time_tracking_shown on milady_time_tracking (enrollment_id, date desc, log_id desc) where not voided",
    "create index milady_time_tracking_student on milady_time_tracking (student_id)",
    """create table sync (
      sync_id uuid primary key default uuidv7(),
      number bigint generated always as identity unique,
      scope_kind text not null check (scope_kind in ('all', 'program', 'enrollment')),
      scope_id uuid,
      state text not null default 'running' check (state in ('running', 'finished')),
      total int not null,
      done int not null default 0,
      failed int not null default 0,
      entries_changed int not null default 0,
      requested_by uuid,
      as_of timestamptz not null default now(),
      finished_at timestamptz
    )""",
    "create index sync_running on sync (as_of) where state = 'running'",
    """create table sync_item (
      sync_id uuid not null references sync (sync_id),
      enrollment_id uuid not null,
      student_id uuid not null,
      state text not null default 'pending' check (state in ('pending', 'done', 'failed')),
      reason text,
      primary key (sync_id, enrollment_id)
    )""",
    "create index sync_item_student on sync_item (student_id)",
]
SEEN = {
    "student": ("select", "student_id = acting_user()"),
    "partner": ("select", f"student_id = {schema.VISIBLE}"),
    "admin": ("select", "true"),
    "system": ("all", "true"),
}


def upgrade() -> None:
    """Tables, then who may do what in them."""
    execute(schema.install(SERVICE, KINDS))
    execute(TABLES)
    everyone = ", ".join(schema.role(SERVICE, kind) for kind in KINDS)
    execute([f"grant select on program to {everyone}", f"grant insert, update on program to {schema.role(SERVICE, 'system')}"])
    execute(schema.protect(SERVICE, "person", {"system": ("all", "true")}))
    for table in ("enrollment", "milady_course", "milady_time_tracking"):
        execute(schema.protect(SERVICE, table, SEEN))
    retry = ("select, update (state, requested_at, next_attempt_at)", "true")
    execute(schema.protect(SERVICE, "provisioning", SEEN | {"admin": retry}))
    runs = {"admin": ("select, insert", "true"), "system": ("all", "true")}
    execute(schema.protect(SERVICE, "sync", runs | {"partner": ("select, insert", "requested_by = acting_user()")}))
    execute(schema.protect(SERVICE, "sync_item", runs | {"partner": ("select, insert", f"student_id = {schema.VISIBLE}")}))
