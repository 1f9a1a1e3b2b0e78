"""Roles that administrators grant and withdraw, of others alone, and the payroll admin's role."""

from chassis.migrate import execute

revision, down_revision = "0009", "0008"

REASONS = (
    "signed out", "refresh token reused", "ended from another session", "ended by an administrator",
    "password changed", "password reset", "account closed", "roles changed",
)  # fmt: skip
ROLES = ("program_holder", "worksite", "site_coordinator", "admin", "payroll_admin")
OTHERS = "user_id <> acting_user() and role in ('admin', 'payroll_admin')"
STATEMENTS = [
    "alter table session drop constraint session_ended_because_check",
    f"alter table session add constraint session_ended_because_check check (ended_because in {REASONS})",
    "alter table user_role drop constraint user_role_role_check",
    f"alter table user_role add constraint user_role_role_check check (role in {ROLES})",
    "grant insert (user_id, role), delete on user_role to identity_admin",
    # The policy of 0001 shows an administrator every row; these say which ones they write.
    f"create policy user_role_granted on user_role as restrictive for insert to identity_admin with check ({OTHERS})",
    f"create policy user_role_withdrawn on user_role as restrictive for delete to identity_admin using ({OTHERS})",
]


def upgrade() -> None:
    execute(STATEMENTS)
