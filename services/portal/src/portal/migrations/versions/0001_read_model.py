"""The read model: what the pages show, kept from events; every table with personal data is protected by row-level security (SPEC 3.10)."""

from chassis import schema
from chassis.migrate import execute
from contracts.people import KINDS

revision, down_revision = "0001", None

TABLES = """
create table person (
  user_id uuid primary key, status text not null, name text not null, email text not null, time_zone text not null, revision int not null
);
create index person_email on person (lower(email)) where status = 'active';

create table partner (
  user_id uuid primary key, role text not null, status text not null,
  applied_at timestamptz, approved_at timestamptz, activated_at timestamptz, revision int not null
);

create table document_signature (
  signature_id uuid primary key, user_id uuid not null, document_id uuid not null, document_title text not null,
  document_version int not null, document_hash text not null, signed_at timestamptz not null, revision int not null
);
create index document_signature_user on document_signature (user_id);

create table program (
  program_id uuid primary key, partner_id uuid not null, name text not null, time_zone text not null, theory_minutes int not null,
  practical_minutes int not null, required_minutes_per_week int not null, inactivity_days_threshold int not null,
  courses jsonb not null, skills jsonb not null, revision int not null
);
create index program_partner on program (partner_id);

create table enrollment (
  enrollment_id uuid primary key, student_id uuid not null, program_id uuid not null, started_on date not null, ended_on date,
  status text not null, revision int not null
);
create index enrollment_student on enrollment (student_id);

create table course_progress (
  enrollment_id uuid, course_code text, student_id uuid not null, title text not null, percent numeric not null,
  minutes_spent int not null, minutes_required int not null, last_accessed_at timestamptz, as_of timestamptz not null,
  revision int not null, primary key (enrollment_id, course_code)
);
create index course_progress_student on course_progress (student_id);

create table milady_provisioning (
  enrollment_id uuid primary key, student_id uuid not null, program_id uuid not null, status text not null, reason text, attempts int,
  next_attempt_at timestamptz, provisioned_at timestamptz, revision int not null
);
create index milady_provisioning_student on milady_provisioning (student_id);

create table skill_entry (
  entry_id uuid primary key, enrollment_id uuid not null, student_id uuid not null, program_id uuid not null, skill_code text not null,
  service_name text not null, performed_at timestamptz not null, duration_minutes int not null, self_rating int not null,
  photos int not null, status text not null, decided_by uuid, decided_at timestamptz, supervisor_rating int, revision int not null
);
create index skill_entry_enrollment on skill_entry (enrollment_id, skill_code, status);
create index skill_entry_student on skill_entry (student_id);
create index skill_entry_pending on skill_entry (student_id, performed_at) where status = 'pending';

create table hour_entry (
  log_id uuid primary key, enrollment_id uuid not null, student_id uuid not null, work_date date not null, minutes int not null,
  category text, source text not null, status text not null, revision int not null,
  week_start date generated always as (work_date - (extract(isodow from work_date)::int - 1)) stored
);
create index hour_entry_week on hour_entry (enrollment_id, week_start) include (minutes, status);
create index hour_entry_student on hour_entry (student_id);

create view week_total with (security_invoker = true) as
  select enrollment_id, week_start, sum(minutes)::int as minutes
  from hour_entry where status in ('submitted', 'verified') group by enrollment_id, week_start;

create table alert (
  alert_id uuid primary key, enrollment_id uuid not null, student_id uuid not null, program_id uuid not null, alert_type text not null,
  severity text not null, week_start date not null, message text not null, explanation jsonb not null, status text not null,
  raised_at timestamptz not null, resolved_at timestamptz, resolution text, revision int not null
);
create index alert_student on alert (student_id, status);
create index alert_open on alert (raised_at) where status = 'open';

create table message (
  message_id uuid primary key, recipient_id uuid not null, kind text not null, channel text not null, status text not null,
  sent_at timestamptz, failed_at timestamptz, reason text, revision int not null
);
create index message_recipient on message (recipient_id);

create table sync_status (
  scope text primary key, sync_id uuid not null, scope_kind text not null, scope_id uuid, as_of timestamptz not null,
  enrollments int not null, failed uuid[] not null, entries_changed int not null
);

create table audit_log (
  service text, position int, hash text not null, actor text not null, actor_kind text not null, action text not null,
  object_type text not null, object_id text not null, at timestamptz not null, trace_id text, student_id uuid,
  primary key (service, position)
);
create index audit_log_at on audit_log (at, service, position);
"""

# A program holder enrolls by address, and may learn nothing else of people who are not assigned to them.
FIND_PERSON = """
create policy person_owner on person for select to portal_owner using (true);
create function person_with_email(address text) returns uuid language sql stable security definer set search_path = public
  return (select user_id from person where lower(email) = lower(address) and status = 'active' limit 1);
revoke execute on function person_with_email from public;
grant execute on function person_with_email to portal_partner, portal_admin;
"""

SYSTEM = ("all", "true")
ALL = ("select", "true")
STUDENTS_RECORDS = ("enrollment", "course_progress", "milady_provisioning", "skill_entry", "hour_entry", "alert")
OWN_OR_VISIBLE = "any ((select array_append(visible_subjects(), acting_user()))::uuid[])"


def upgrade() -> None:
    """Makes tables, policies and grants."""
    execute(schema.install("portal", KINDS))
    execute(_statements(TABLES))
    for table in STUDENTS_RECORDS:
        rules = {"student": ("select", "student_id = acting_user()"), "partner": ("select", f"student_id = {schema.VISIBLE}")}
        execute(schema.protect("portal", table, {**rules, "admin": ALL, "system": SYSTEM}))
    for table, owner in (("partner", "user_id"), ("document_signature", "user_id"), ("message", "recipient_id")):
        own = ("select", f"{owner} = acting_user()")
        execute(schema.protect("portal", table, {"student": own, "partner": own, "admin": ALL, "system": SYSTEM}))
    seen = {"student": ("select", "user_id = acting_user()"), "partner": ("select", f"user_id = {OWN_OR_VISIBLE}")}
    execute(schema.protect("portal", "person", {**seen, "admin": ALL, "system": SYSTEM}))
    execute(schema.protect("portal", "audit_log", {"admin": ALL, "system": SYSTEM}))
    people = "portal_student, portal_partner, portal_admin"
    execute([f"grant select on program, week_total to {people}", "grant all on program, sync_status to portal_system"])
    execute([f"grant select (scope, scope_kind, scope_id, as_of) on sync_status to {people}"])
    execute(["grant select on week_total to portal_system"])
    execute(_statements(FIND_PERSON))


def _statements(sql: str) -> list[str]:
    return [statement for statement in sql.split(";\n") if statement.strip()]
