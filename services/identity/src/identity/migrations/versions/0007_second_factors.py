"""Second factors: TOTP, recovery codes, and sign-ins that wait for one."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0007", "0006"

TABLES = [
    "alter table session add column methods text[] not null default '{pwd}'",
    """create table totp (
      user_id uuid primary key references user_account,
      sealed_secret text not null,
      begun_at timestamptz not null,
      confirmed_at timestamptz,
      last_step bigint not null default 0
    )""",
    """create table recovery_code (
      code_hash bytea primary key,
      user_id uuid not null references user_account,
      made_at timestamptz not null,
      used_at timestamptz
    )""",
    "create index recovery_code_user on recovery_code (user_id)",
    """create table sign_in_challenge (
      challenge_hash bytea primary key,
      user_id uuid not null references user_account,
      begun_at timestamptz not null,
      expires_at timestamptz not null,
      used_at timestamptz,
      failures int not null default 0
    )""",
    "create index sign_in_challenge_user on sign_in_challenge (user_id, begun_at)",
    "create index sign_in_challenge_age on sign_in_challenge (expires_at)",
]
SYSTEM = {"system": ("select, insert, update, delete", "true")}


def upgrade() -> None:
    execute(TABLES)
    for table in ("totp", "recovery_code", "sign_in_challenge"):
        execute(schema.protect("identity", table, SYSTEM))
