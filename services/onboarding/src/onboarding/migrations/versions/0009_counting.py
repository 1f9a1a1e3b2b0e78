"""How a program counts hours: caps, and what is counted before it is verified (SPEC 3.2)."""

from chassis.migrate import execute

revision, down_revision = "0009", "0008"


def upgrade() -> None:
    execute(
        [
            """alter table program
              add column daily_cap_minutes int check (daily_cap_minutes > 0),
              add column weekly_cap_minutes int check (weekly_cap_minutes > 0),
              add column submitted_hours_count boolean not null default true,
              add column reports_verified_only boolean not null default true"""
        ]
    )
