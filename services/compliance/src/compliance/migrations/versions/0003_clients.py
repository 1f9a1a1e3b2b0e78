"""Machine clients, which act as `admin` here, submit hours of the source `partner` in their own name (decision 10)."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0003", "0002"

VOIDS = "source <> 'lms' and status = 'voided'"
SUBMITS = "source = 'partner' and status = 'submitted' and logged_by = acting_user()"


def upgrade() -> None:
    to = schema.role("compliance", "admin")
    execute(
        [
            "drop policy hour_entry_author_admin on hour_entry",
            f"create policy hour_entry_author_admin on hour_entry as restrictive for insert to {to} with check (({VOIDS}) or ({SUBMITS}))",
        ]
    )
