"""Exports of people's data: asked for, gathered from every service, kept for a week."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0011", "0010"

TABLES = [
    """create table export (
      export_id uuid primary key default uuidv7(),
      user_id uuid not null references user_account,
      requested_by uuid not null,
      requested_at timestamptz not null
    )""",
    "create index export_user on export (user_id)",
    """create table export_part (
      export_id uuid not null references export on delete cascade,
      user_id uuid not null,
      service text not null,
      state text not null default 'waiting' check (state in ('waiting', 'done', 'failed')),
      attempts int not null default 0,
      next_attempt_at timestamptz not null,
      reason text,
      primary key (export_id, service)
    )""",
    "create index export_part_waiting on export_part (next_attempt_at) where state = 'waiting'",
    """create table export_file (
      export_id uuid not null references export on delete cascade,
      user_id uuid not null,
      name text not null,
      content bytea not null,
      primary key (export_id, name)
    )""",
]
OWN = "user_id = acting_user()"
ASK, READ = "select, insert", "select"
SYSTEM = {"system": ("select, insert, update, delete", "true")}


def upgrade() -> None:
    execute(TABLES)
    for table, may in (("export", ASK), ("export_part", ASK), ("export_file", READ)):
        people = {"student": (may, OWN), "partner": (may, OWN), "admin": (may, "true")}
        execute(schema.protect("identity", table, people | SYSTEM))
