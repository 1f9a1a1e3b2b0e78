"""Machine clients and their secrets."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0005", "0004"

TABLES = [
    """create table client (
      client_id uuid primary key default uuidv7(),
      name text not null,
      scopes text[] not null,
      created_by uuid not null,
      created_at timestamptz not null
    )""",
    """create table client_secret (
      secret_id uuid primary key default uuidv7(),
      client_id uuid not null references client,
      secret_hash bytea not null unique,
      created_at timestamptz not null,
      revoked_at timestamptz
    )""",
    "create index client_secret_client on client_secret (client_id)",
]
# An administrator makes and revokes secrets, and reads no hash of one.
SECRETS = "select (secret_id, client_id, created_at, revoked_at), insert, update (revoked_at)"
RULES = {
    "client": {"admin": ("select, insert", "true"), "system": ("select", "true")},
    "client_secret": {"admin": (SECRETS, "true"), "system": ("select", "true")},
}


def upgrade() -> None:
    execute(TABLES)
    for table, rules in RULES.items():
        execute(schema.protect("identity", table, rules))
