"""What skills owns: the log of practical services; projections of programs and enrollments (SPEC 1, 3.5)."""

from chassis import schema
from chassis.migrate import execute
from contracts.people import KINDS

revision, down_revision = "0001", None
SERVICE = "skills"

TABLES = [
    """create table program (
      program_id uuid primary key,
      skills jsonb not null,
      revision int not null
    )""",
    """create table enrollment (
      enrollment_id uuid primary key,
      student_id uuid not null,
      program_id uuid not null,
      status text not null,
      revision int not null
    )""",
    "create index enrollment_student on enrollment (student_id)",
    """create table entry (
      entry_id uuid primary key default uuidv7(),
      enrollment_id uuid not null,
      student_id uuid not null,
      program_id uuid not null,
      skill_code text not null,
      service_name text not null,
      performed_at timestamptz not null,
      duration_minutes int not null check (duration_minutes between 1 and 600),
      client_identifier text not null,
      self_rating int not null check (self_rating between 1 and 5),
      description text,
      before_photo text,
      after_photo text,
      status text not null default 'draft' check (status in ('draft', 'pending', 'approved', 'rejected')),
      submitted_at timestamptz,
      decided_by uuid,
      decided_at timestamptz,
      supervisor_rating int check (supervisor_rating between 1 and 5),
      feedback text,
      revision int not null default 1,
      created_at timestamptz not null default now()
    )""",
    "create index entry_enrollment on entry (enrollment_id, entry_id desc)",
    "create index entry_student on entry (student_id, entry_id desc)",
    "create index entry_pending on entry (program_id, entry_id) where status = 'pending'",
    "create index entry_approved on entry (enrollment_id, skill_code) where status = 'approved'",
]
VISIBLE = f"student_id = {schema.VISIBLE}"
WRITTEN = "skill_code, service_name, performed_at, duration_minutes, client_identifier, self_rating, description"
CHANGED = f"{WRITTEN}, before_photo, after_photo, status, submitted_at, decided_by, decided_at, supervisor_rating, revision"
DECIDED = "status, decided_by, decided_at, supervisor_rating, feedback, revision"


def _policy(kind: str, command: str, using: str | None, check: str | None = None) -> str:
    parts = [f"using ({using})" if using else "", f"with check ({check})" if check else ""]
    return f"create policy entry_{kind}_{command} on entry for {command} to {schema.role(SERVICE, kind)} {' '.join(parts)}"


def _protect_entries() -> list[str]:
    """A student writes own entries and never a decision; a supervisor writes decisions and nothing else, and never on their own."""
    own = "student_id = acting_user()"
    decision = "status in ('approved', 'rejected') and decided_by = acting_user() and student_id <> acting_user()"
    student, partner, admin = (schema.role(SERVICE, kind) for kind in ("student", "partner", "admin"))
    return [
        *schema.protect(SERVICE, "entry", {"system": ("all", "true")}),
        f"grant select, insert (entry_id, enrollment_id, student_id, program_id, {WRITTEN}), update ({CHANGED}) on entry to {student}",
        _policy("student", "select", own),
        _policy("student", "insert", None, f"{own} and status = 'draft'"),
        _policy("student", "update", own, f"{own} and status in ('draft', 'pending', 'rejected')"),
        f"grant select, update ({DECIDED}) on entry to {partner}, {admin}",
        _policy("partner", "select", VISIBLE),
        _policy("partner", "update", VISIBLE, f"{VISIBLE} and {decision}"),
        _policy("admin", "select", "true"),
        _policy("admin", "update", "true", decision),
    ]


def upgrade() -> None:
    """Tables, then who may do what in them."""
    execute(schema.install(SERVICE, KINDS))
    execute(TABLES)
    everyone = ", ".join(schema.role(SERVICE, kind) for kind in KINDS)
    execute([f"grant select on program to {everyone}", f"grant insert, update on program to {schema.role(SERVICE, 'system')}"])
    seen = {
        "student": ("select", "student_id = acting_user()"),
        "partner": ("select", VISIBLE),
        "admin": ("select", "true"),
        "system": ("all", "true"),
    }
    execute(schema.protect(SERVICE, "enrollment", seen))
    execute(_protect_entries())
