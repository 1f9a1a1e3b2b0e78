"""The tables that the chassis keeps in every service's database, and how tables are protected by row-level security."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from chassis import months

TABLES = """
create function acting_user() returns uuid language sql stable parallel safe
  return nullif(current_setting('app.user_id', true), '')::uuid;

create table outbox (
  id bigint generated always as identity,
  created_at timestamptz not null default now(),
  message_id uuid not null,
  topic text not null,
  key text not null,
  schema_uri text not null,
  value text not null,
  traceparent text,
  published_at timestamptz,
  primary key (id, created_at)
) partition by range (created_at);
create index outbox_unpublished on outbox (id) where published_at is null;
create table outbox_default partition of outbox default;

create table inbox (
  message_id uuid not null,
  consumer text not null,
  received_at timestamptz not null default now(),
  primary key (message_id, consumer)
);

create table idempotency_key (
  key_hash uuid primary key,
  principal text not null,
  operation text not null,
  request_hash bytea not null,
  status int not null,
  headers text not null,
  body bytea not null,
  created_at timestamptz not null default now()
);
create index idempotency_key_age on idempotency_key (created_at);

create table audit_entry (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  actor_kind text not null,
  action text not null,
  object_type text not null,
  object_id text not null,
  subject_id uuid,
  ip text,
  user_agent text,
  request_id text,
  trace_id text,
  before jsonb,
  after jsonb,
  position bigint,
  hash text
);
create unique index audit_entry_position on audit_entry (position) where position is not null;
create index audit_entry_unsealed on audit_entry (id) where position is null;

create table schedule_zone (
  job text not null,
  zone text not null,
  since timestamptz not null,
  primary key (job, zone)
);
create table schedule_slot (
  job text not null,
  zone text not null,
  slot timestamptz not null,
  ran_at timestamptz not null default now(),
  primary key (job, zone, slot)
);

create table access_grant (
  grant_id uuid primary key,
  viewer_id uuid not null,
  subject_id uuid not null,
  active boolean not null,
  revision int not null
);
create index access_grant_viewer on access_grant (viewer_id) include (subject_id) where active;
create function visible_subjects() returns uuid[] language sql stable security definer set search_path = public
  return (select coalesce(array_agg(distinct subject_id), '{}') from access_grant where viewer_id = acting_user() and active);
"""

TRAIL = """
alter table audit_entry rename to {month};
alter table {month} drop constraint audit_entry_pkey;
alter table {month} alter column id drop identity;
drop index audit_entry_position;
drop index audit_entry_unsealed;
create table audit_entry (like {month} including defaults, primary key (id, at)) partition by range (at);
alter table audit_entry alter column id add generated always as identity;
select setval(pg_get_serial_sequence('audit_entry', 'id'), (select coalesce(max(id), 0) + 1 from {month}), false);
create unique index audit_entry_position on audit_entry (position, at) where position is not null;
create index audit_entry_unsealed on audit_entry (id) where position is null;
alter table audit_entry attach partition {month} for values from (minvalue) to ('{ends}');
create table audit_entry_default partition of audit_entry default;
create table audit_anchor (
  position bigint primary key,
  hash text not null
);
create index audit_entry_actor on audit_entry (actor, id);
create index audit_entry_object on audit_entry (object_id, id);
create index audit_entry_subject on audit_entry (subject_id, id) where subject_id is not null;
create table disclosure (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  reader_id uuid not null,
  operation text not null,
  student_ids uuid[] not null check (cardinality(student_ids) > 0),
  ip text,
  user_agent text,
  request_id text,
  trace_id text
);
create index disclosure_students on disclosure using gin (student_ids);
"""
"""What came after `TABLES`, in a migration of each service's own: the audit trail by months, what it was before those that were dropped,
its indexes, and the disclosure log."""

ERASURE = """
alter table audit_entry add column origin_salt uuid, add column change_salt uuid, add column origin_hash text, add column change_hash text;
alter table audit_entry alter column origin_salt set default gen_random_uuid(), alter column change_salt set default gen_random_uuid();
create index disclosure_reader on disclosure (reader_id);
"""
"""What came after `TRAIL`: what is hashed of an audit entry's details, so that they can be taken out and the chain still verifies."""

UNPROTECTED = {
    "outbox": "people's roles may only add; what was told is read by the relay's role alone",
    "inbox": "ids of messages, for the system's role alone",
    "audit_entry": "people's roles may only add; administrators read all",
    "audit_anchor": "hashes of entries whose months were dropped; administrators read all",
    "schedule_zone": "names of jobs and zones, for the system's role alone",
    "schedule_slot": "names of jobs and instants, for the system's role alone",
    "access_grant": "what the policies themselves read, by a function that shows whom the acting user sees; administrators read all",
    "alembic_version": "a number, for the owner alone",
}
"""The chassis' tables without row-level security, and why."""
EXTENDS = {"payroll_admin": "student"}
"""Kinds of principal that may do what another one may, and more: their database role inherits the other's privileges and policies."""
VISIBLE = "any ((select visible_subjects())::uuid[])"
"""For policies: `subject_id = any(...)` of whoever the acting user may see now; evaluated once a statement, so indexes stay usable."""


def install(service: str, kinds: Sequence[str]) -> list[str]:
    """The statements that make the chassis' tables in a new database, with what each kind of principal may do there."""
    kinds = [kind for kind in kinds if kind not in EXTENDS]
    people = ", ".join(role(service, kind) for kind in kinds if kind != "system")
    system, admin = role(service, "system"), role(service, "admin")
    return [
        *(statement for statement in TABLES.split(";\n") if statement.strip()),
        f"grant insert on outbox, audit_entry to {people}",
        f"grant select, insert, update, delete on outbox, inbox, schedule_zone, schedule_slot, access_grant to {system}",
        f"grant select, insert on audit_entry to {system}",
        f"grant update (position, hash) on audit_entry to {system}",
        f"grant select on audit_entry to {admin}",
        f"grant select on access_grant to {admin}",
        *protect(service, "idempotency_key", {kind: _own_keys(kind) for kind in kinds}),
    ]


def install_trail(service: str) -> list[str]:
    """The statements that add `TRAIL` to the tables of `install`, with what each kind of principal may do there.

    A student is shown the rows that hold them, but not whom else they hold: that column is for administrators.
    """
    student, partner = role(service, "student"), role(service, "partner")
    system, admin = role(service, "system"), role(service, "admin")
    own = "student_ids @> array[acting_user()]"
    today = datetime.now(UTC).date()
    month, ends = months.of("audit_entry", today), f"{months.after(today)} 00:00Z"
    return [
        *(statement.format(month=month, ends=ends) for statement in TRAIL.split(";\n") if statement.strip()),
        # What stood with the table that is a partition now.
        f"grant insert on audit_entry to {student}, {partner}, {admin}",
        f"grant select, insert on audit_entry to {system}",
        f"grant update (position, hash) on audit_entry to {system}",
        f"grant select on audit_entry to {admin}",
        f"grant select on audit_anchor to {system}, {admin}",
        *protect(service, "disclosure", {"admin": ("select", "true"), "system": ("select", "true")}),
        f"grant select (id, at, reader_id, operation, request_id, trace_id) on disclosure to {student}, {partner}",
        f"create policy disclosure_own on disclosure for select to {student}, {partner} using ({own})",
        f"grant insert on disclosure to {partner}",
        f"create policy disclosure_reader on disclosure for insert to {partner} with check (reader_id = acting_user())",
    ]


def install_erasure(service: str) -> list[str]:
    """The statements that add `ERASURE`, with what the system may take out of what a person leaves behind (`chassis.erasure`)."""
    system = role(service, "system")
    details = "ip, user_agent, before, after, origin_salt, change_salt, origin_hash, change_hash"
    return [
        *(statement for statement in ERASURE.split(";\n") if statement.strip()),
        f"grant update ({details}) on audit_entry to {system}",
        f"grant update (ip, user_agent) on disclosure to {system}",
    ]


def _own_keys(kind: str) -> tuple[str, str]:
    """A kept answer may hold personal data: everyone meets only their own keys."""
    return ("all", "true") if kind == "system" else ("select, insert", "principal = acting_user()::text")


def role(service: str, kind: str) -> str:
    """The database role of a kind of principal, e.g. `milady_sync_admin`."""
    return f"{service.replace('-', '_')}_{kind}"


def protect(service: str, table: str, rules: Mapping[str, tuple[str, str]]) -> list[str]:
    """The statements that switch on forced row-level security with one policy for each kind of principal.

    `rules`: kind -> (privileges, condition), e.g. `{"admin": ("select", "true"), "system": ("all", "true")}`.
    A kind that is not named gets nothing.
    """
    statements = [f"alter table {table} enable row level security", f"alter table {table} force row level security"]
    for kind, (privileges, condition) in rules.items():
        to = role(service, kind)
        statements += [
            f"grant {privileges} on {table} to {to}",
            f"create policy {table.replace('.', '_')}_{kind} on {table} to {to} using ({condition}) with check ({condition})",
        ]
    return statements
