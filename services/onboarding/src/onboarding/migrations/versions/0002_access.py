"""Who may read and write what (SPEC 3.10). Beyond plain reading each rule is one step of one use case, and the database holds it too."""

from chassis import schema
from chassis.migrate import execute
from contracts.people import KINDS

revision, down_revision = "0002", "0001"

SELF = "user_id = acting_user()"
OWN_STUDENT = "student_id = acting_user()"
ASSIGNED = f"student_id = {schema.VISIBLE}"
OWN_PROGRAM = "program_id in (select p.program_id from program p where p.partner_id = acting_user())"

# Tables of persons: what each kind of principal may read.
READ: dict[str, dict[str, str]] = {
    "person": {
        "student": SELF,
        "partner": "user_id = any ((select visible_subjects() || acting_user())::uuid[])",
        "admin": "true",
    },
    "partner": {"student": SELF, "partner": SELF, "admin": "true", "system": "true"},
    "signature": {"student": SELF, "partner": SELF, "admin": "true", "system": "true"},
    "program": {"student": "true", "partner": "true", "admin": "true", "system": "true"},
    "enrollment": {"student": OWN_STUDENT, "partner": ASSIGNED, "admin": "true", "system": "true"},
    "assignment": {"student": OWN_STUDENT, "partner": "partner_id = acting_user()", "admin": "true", "system": "true"},
    "course_progress": {"student": OWN_STUDENT, "partner": ASSIGNED, "admin": "true"},
}

APPLY = f"{SELF} and status = 'pending' and revision = 1 and approved_at is null"
# The one change that a person makes to their own standing: from approved to active, once everything is signed.
ACTIVATE = f"{SELF} and status = 'active' and approved_at is not null and unsigned_documents(user_id, role) = 0"
WITHDRAW = "update (status, ended_on, withdrawal_reason, revision)"
DECIDE = "status, revision, activated_at, approved_at, approved_by"

# (table, kinds, privilege, which rows, what they must be like afterwards)
STEPS: list[tuple[str, tuple[str, ...], str, str | None, str | None]] = [
    ("partner", ("student", "partner", "admin"), "insert (user_id, role, applied_at)", None, APPLY),
    ("partner", ("student", "partner"), "update (status, revision, activated_at)", SELF, ACTIVATE),
    ("partner", ("admin",), f"update ({DECIDE})", "true", f"user_id <> acting_user() or ({ACTIVATE} and approved_by <> user_id)"),
    ("signature", ("student", "partner", "admin"), "insert", None, SELF),
    ("program", ("partner",), "insert", None, "partner_id = acting_user()"),
    ("program", ("admin",), "insert", None, "true"),
    ("assignment", ("partner",), "insert", None, f"partner_id = acting_user() and role = 'program_holder' and {OWN_PROGRAM}"),
    ("assignment", ("admin",), "insert", None, "true"),
    ("assignment", ("admin",), "update (active, ended_at, revision)", "true", "true"),
    ("enrollment", ("partner",), "insert", None, f"{ASSIGNED} and {OWN_PROGRAM}"),
    ("enrollment", ("admin",), "insert", None, "true"),
    ("enrollment", ("partner",), WITHDRAW, f"{ASSIGNED} and {OWN_PROGRAM}", "status = 'withdrawn'"),
    ("enrollment", ("admin",), WITHDRAW, "true", "true"),
    ("person", ("system",), "select, insert, update, delete", "true", "true"),
    ("course_progress", ("system",), "select, insert, update, delete", "true", "true"),
]


def _reads(table: str, rules: dict[str, str]) -> list[str]:
    """Forced row-level security with a policy for reading for each kind."""
    statements = [f"alter table {table} enable row level security", f"alter table {table} force row level security"]
    for kind, which in rules.items():
        to = schema.role("onboarding", kind)
        statements.append(f"grant select on {table} to {to}")
        statements.append(f"create policy {table}_{kind}_select on {table} for select to {to} using ({which})")
    return statements


def _step(table: str, kind: str, privilege: str, which: str | None, afterwards: str | None) -> list[str]:
    to = schema.role("onboarding", kind)
    verb = privilege.split()[0].rstrip(",")
    command = "all" if "," in privilege.split("(")[0] else verb
    using = f"using ({which})" if which else ""
    return [
        f"grant {privilege} on {table} to {to}",
        f"create policy {table}_{kind}_{command} on {table} for {command} to {to} {using} with check ({afterwards})",
    ]


# A program holder must learn whether a student exists before the student is theirs: an id is answered with a status and no more.
STANDING = [
    "create policy person_standing on person for select to current_user using (true)",
    """create function person_standing(id uuid) returns text language sql stable security definer set search_path = public
      return (select status from person where user_id = id)""",
    "revoke execute on function person_standing(uuid) from public",
    "grant execute on function person_standing(uuid) to onboarding_partner, onboarding_admin",
]


def upgrade() -> None:
    everyone = ", ".join(schema.role("onboarding", kind) for kind in KINDS)
    execute([f"grant select on role_package, document, document_version, current_document to {everyone}"])
    for table, rules in READ.items():
        execute(_reads(table, rules))
    for table, kinds, privilege, which, afterwards in STEPS:
        for kind in kinds:
            execute(_step(table, kind, privilege, which, afterwards))
    execute(STANDING)
