"""Role packages, documents, partners, signatures, programs, enrollments, assignments, and what other services' events tell."""

from chassis import schema
from chassis.migrate import execute
from contracts.people import KINDS

revision, down_revision = "0001", None

ROLES = "('program_holder', 'worksite', 'site_coordinator')"

PAPERS = [
    f"""create table role_package (
      role text primary key check (role in {ROLES}),
      position int not null unique,
      title text not null,
      subtitle text not null,
      description text not null,
      responsibilities jsonb not null,
      can_do jsonb not null,
      cannot_do jsonb not null,
      requirements jsonb not null,
      pay_type text not null check (pay_type in ('percentage', 'flat')),
      pay_default int not null,
      pay_min int not null,
      pay_max int not null,
      pay_currency text,
      pay_basis text not null,
      check (0 <= pay_min and pay_min <= pay_default and pay_default <= pay_max),
      check ((pay_type = 'flat') = (pay_currency is not null)),
      check (pay_type = 'flat' or pay_max <= 100)
    )""",
    """create table document (
      document_id uuid primary key,
      role text not null references role_package,
      position int not null,
      title text not null,
      requires_signature boolean not null,
      unique (role, position)
    )""",
    """create table document_version (
      document_id uuid not null references document,
      version int not null check (version > 0),
      content text not null,
      published_at timestamptz not null default now(),
      primary key (document_id, version)
    )""",
    """create view current_document as
      select d.document_id, d.role, d.position, d.title, d.requires_signature, v.version, v.content
        from document d join lateral (
          select version, content from document_version w where w.document_id = d.document_id order by version desc limit 1) v on true""",
]

PARTNERS = [
    """create table person (
      user_id uuid primary key,
      name text not null,
      email text not null,
      status text not null,
      revision int not null
    )""",
    f"""create table partner (
      user_id uuid primary key,
      role text not null check (role in {ROLES}),
      status text not null default 'pending' check (status in ('pending', 'approved', 'active', 'suspended')),
      revision int not null default 1,
      applied_at timestamptz not null,
      approved_at timestamptz,
      approved_by uuid,
      activated_at timestamptz,
      check ((approved_at is null) = (approved_by is null)),
      check (approved_by <> user_id)
    )""",
    """create table signature (
      signature_id uuid primary key,
      user_id uuid not null,
      role text not null,
      document_id uuid not null,
      document_version int not null,
      document_hash text not null,
      intent text not null,
      consent text not null,
      typed_name text not null,
      signed_at timestamptz not null,
      ip text,
      user_agent text,
      authentication_method text not null,
      signature_hash text not null,
      unique (user_id, document_id, document_version),
      foreign key (document_id, document_version) references document_version
    )""",
    """create function unsigned_documents(signer uuid, packet text) returns bigint language sql stable
      return (select count(*) from current_document d where d.role = packet and d.requires_signature and not exists (
        select from signature s where s.user_id = signer and s.document_id = d.document_id and s.document_version = d.version))""",
]

STUDENTS = [
    """create table program (
      program_id uuid primary key default uuidv7(),
      partner_id uuid not null,
      name text not null,
      time_zone text not null,
      theory_minutes int not null,
      practical_minutes int not null,
      required_minutes_per_week int not null,
      inactivity_days_threshold int not null,
      courses jsonb not null,
      skills jsonb not null,
      revision int not null default 1,
      published_at timestamptz not null
    )""",
    "create index program_partner on program (partner_id)",
    """create table enrollment (
      enrollment_id uuid primary key default uuidv7(),
      student_id uuid not null,
      program_id uuid not null references program,
      cohort_id uuid,
      started_on date not null,
      ended_on date,
      status text not null default 'active' check (status in ('active', 'withdrawn', 'completed')),
      withdrawal_reason text,
      revision int not null default 1,
      created_at timestamptz not null,
      check (ended_on >= started_on),
      check (status = 'active' or ended_on is not null)
    )""",
    "create unique index enrollment_active on enrollment (student_id, program_id) where status = 'active'",
    "create index enrollment_program on enrollment (program_id)",
    f"""create table assignment (
      assignment_id uuid primary key default uuidv7(),
      student_id uuid not null,
      partner_id uuid not null,
      role text not null check (role in {ROLES}),
      program_id uuid references program,
      active boolean not null default true,
      revision int not null default 1,
      assigned_at timestamptz not null,
      ended_at timestamptz,
      check (student_id <> partner_id),
      check (active = (ended_at is null))
    )""",
    "create unique index assignment_active on assignment (student_id, partner_id, role, program_id) nulls not distinct where active",
    "create index assignment_partner on assignment (partner_id)",
    """create table course_progress (
      enrollment_id uuid not null,
      course_code text not null,
      student_id uuid not null,
      title text not null,
      percent numeric not null,
      minutes_spent int not null,
      minutes_required int not null,
      last_accessed_at timestamptz,
      as_of timestamptz not null,
      revision int not null,
      primary key (enrollment_id, course_code)
    )""",
    "create index course_progress_student on course_progress (student_id)",
]

# Here the assignments themselves are the source of who sees whom: the database keeps the grants, no principal writes them.
GRANTS = [
    """create function keep_grant() returns trigger language plpgsql security definer set search_path = public as $$
    begin
      insert into access_grant (grant_id, viewer_id, subject_id, active, revision)
      values (new.assignment_id, new.partner_id, new.student_id, new.active, new.revision)
      on conflict (grant_id) do update set active = excluded.active, revision = excluded.revision;
      return null;
    end $$""",
    "create trigger keep_grant after insert or update on assignment for each row execute function keep_grant()",
]


def upgrade() -> None:
    execute(schema.install("onboarding", KINDS))
    execute([*PAPERS, *PARTNERS, *STUDENTS, *GRANTS])
