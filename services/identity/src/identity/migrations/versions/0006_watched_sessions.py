"""Sessions whose end counts at once (decision 11)."""

from chassis.migrate import execute

revision, down_revision = "0006", "0005"

STATEMENTS = [
    "alter table session add column watched boolean not null default false",
    "update session set watched = true where user_id in (select user_id from user_role where role = 'admin')",
    "create index session_watched on session (ended_at) where watched",
]


def upgrade() -> None:
    execute(STATEMENTS)
