"""What a person leaves behind can be taken out, and what goes on in their name ended (decision 14)."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0008", "0007"

# What the system may change, and into what: a signature can be bared of its signer, and nothing else can be made of it.
CHANGES = {
    "signature": (
        "typed_name, ip, user_agent, erased_at",
        "typed_name = '' and ip is null and user_agent is null and erased_at is not null",
    ),
    "enrollment": ("status, ended_on, withdrawal_reason, revision", "true"),
    "assignment": ("active, ended_at, revision", "true"),
}
SHOWN = """user_id, payment_type, routing_last_four, account_last_four, tax_last_four, state, reason, revision,
 submitted_at, decided_at, decided_by"""
# What their owners are shown of them: no sealed number.
PAYROLL = [
    f"grant select ({SHOWN}), update (reason), delete on payroll_profile to onboarding_system",
    "create policy payroll_profile_system on payroll_profile to onboarding_system using (true)",
]


def upgrade() -> None:
    execute(schema.install_erasure("onboarding"))
    execute(["alter table signature add column erased_at timestamptz"])
    to = schema.role("onboarding", "system")
    for table, (columns, into) in CHANGES.items():
        grant = f"grant update ({columns}) on {table} to {to}"
        execute([grant, f"create policy {table}_system_update on {table} for update to {to} using (true) with check ({into})"])
    execute(PAYROLL)
