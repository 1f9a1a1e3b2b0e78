"""Partners can be suspended: by whom, when and why."""

from chassis.migrate import execute

revision, down_revision = "0010", "0009"

OTHERS_OR_NOT_SUSPENDED = "user_id <> acting_user() or suspended_at is null"
STATEMENTS = [
    """alter table partner
      add column suspended_at timestamptz,
      add column suspended_by uuid,
      add column suspension_reason text,
      add check ((status = 'suspended') = (suspended_at is not null)),
      add check ((suspended_at is null) = (suspended_by is null)),
      add check (suspended_by <> user_id)""",
    "grant update (suspended_at, suspended_by, suspension_reason) on partner to onboarding_admin",
    # A person may write `active` into their own row (0002). The first constraint above, and that they may not write `suspended_at`,
    # keep them from lifting their own suspension. An administrator may write it, but neither before nor after into their own row.
    f"create policy partner_own_suspension on partner as restrictive for update to onboarding_admin using ({OTHERS_OR_NOT_SUSPENDED})",
    "grant update (suspension_reason) on partner to onboarding_system",
    "create policy partner_system_update on partner for update to onboarding_system using (true) with check (true)",
]


def upgrade() -> None:
    execute(STATEMENTS)
