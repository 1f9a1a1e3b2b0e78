"""Hours in bulk: files that are worked on in chunks, with the rows that were refused."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0009", "0008"

TABLES = [
    """create table hour_import (
      import_id uuid primary key default uuidv7(),
      requested_by uuid not null,
      kind text not null,
      roles text[] not null,
      client boolean not null,
      mode text not null check (mode in ('atomic', 'partial')),
      idempotency_key text,
      content_hash bytea not null,
      state text not null default 'receiving'
        check (state in ('receiving', 'waiting', 'checking', 'working', 'done', 'refused', 'failed')),
      total int not null default 0,
      done int not null default 0,
      made int not null default 0,
      repeated int not null default 0,
      refused int not null default 0,
      last_line int not null default 0,
      started_at timestamptz not null,
      finished_at timestamptz,
      unique (requested_by, idempotency_key)
    )""",
    """comment on table hour_import is
      'A file of hours. Worked on in the name of who sent it, up to last_line; done counts its rows, of which made are new entries,
       repeated were there under their external key, and refused are in hour_import_problem.'""",
    "create index hour_import_due on hour_import (import_id) where state in ('waiting', 'checking', 'working')",
    """create table hour_import_row (
      import_id uuid not null references hour_import on delete cascade,
      line int not null,
      requested_by uuid not null,
      row text not null,
      primary key (import_id, line)
    )""",
    "comment on table hour_import_row is 'The rows of a file as JSON, until it is worked off.'",
    """create table hour_import_problem (
      import_id uuid not null references hour_import on delete cascade,
      line int not null,
      requested_by uuid not null,
      type text not null,
      detail text not null,
      primary key (import_id, line)
    )""",
]
OWN = "requested_by = acting_user()"
ADD = "select, insert"
RULES = {
    "hour_import": {"student": (f"{ADD}, update", OWN), "partner": (f"{ADD}, update", OWN), "admin": (f"{ADD}, update", "true")},
    "hour_import_row": dict.fromkeys(("student", "partner", "admin"), (ADD, OWN)),
    "hour_import_problem": {"student": (ADD, OWN), "partner": (ADD, OWN), "admin": (ADD, "true")},
}


def upgrade() -> None:
    execute(TABLES)
    for table, rules in RULES.items():
        execute(schema.protect("compliance", table, {**rules, "system": ("all", "true")}))
