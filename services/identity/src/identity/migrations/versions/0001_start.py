"""People, credentials, roles, sessions and signing keys."""

from chassis import schema
from chassis.migrate import execute
from contracts.people import KINDS

revision, down_revision = "0001", None

TABLES = [
    """create table user_account (
      user_id uuid primary key default uuidv7(),
      email text not null,
      name text not null,
      phone text,
      time_zone text not null,
      status text not null default 'active' check (status in ('active', 'deactivated', 'erased')),
      revision int not null default 1,
      created_at timestamptz not null,
      changed_at timestamptz not null
    )""",
    "create unique index user_account_email on user_account (lower(email))",
    """create table credential (
      user_id uuid primary key references user_account,
      password_hash text not null,
      changed_at timestamptz not null
    )""",
    # No reference to user_account: an event may speak of a person before this database knows them.
    """create table user_role (
      user_id uuid not null,
      role text not null check (role in ('program_holder', 'worksite', 'site_coordinator', 'admin')),
      granted_at timestamptz not null default now(),
      primary key (user_id, role)
    )""",
    """create table session (
      session_id uuid primary key default uuidv7(),
      user_id uuid not null references user_account,
      started_at timestamptz not null,
      ended_at timestamptz,
      ended_because text check (ended_because in ('signed out', 'refresh token reused')),
      check ((ended_at is null) = (ended_because is null))
    )""",
    "create index session_user_id on session (user_id)",
    """create table refresh_token (
      token_hash bytea primary key,
      session_id uuid not null references session,
      issued_at timestamptz not null,
      expires_at timestamptz not null,
      used_at timestamptz
    )""",
    "create index refresh_token_session on refresh_token (session_id)",
    """create table signing_key (
      kid text primary key,
      private_jwk text not null,
      created_at timestamptz not null default now()
    )""",
]

OWN = "user_id = acting_user()"
SYSTEM = {"system": ("select, insert, update, delete", "true")}
READ = {"student": ("select", OWN), "partner": ("select", OWN), "admin": ("select", "true")}
END = ("select, update (ended_at, ended_because)", OWN)
RULES: dict[str, dict[str, tuple[str, str]]] = {
    "user_account": READ | SYSTEM,
    "user_role": READ | SYSTEM,
    "session": {"student": END, "partner": END, "admin": END} | SYSTEM,
    "credential": SYSTEM,
    "refresh_token": SYSTEM,
    "signing_key": SYSTEM,
}


def upgrade() -> None:
    execute(schema.install("identity", KINDS))
    execute(TABLES)
    for table, rules in RULES.items():
        execute(schema.protect("identity", table, rules))
