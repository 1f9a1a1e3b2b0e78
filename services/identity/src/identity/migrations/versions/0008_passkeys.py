"""Passkeys, and the challenges that they answer."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0008", "0007"

TABLES = [
    """create table passkey (
      credential_id bytea primary key,
      user_id uuid not null references user_account,
      public_key bytea not null,
      sign_count bigint not null,
      name text not null,
      made_at timestamptz not null,
      used_at timestamptz
    )""",
    "create index passkey_user on passkey (user_id)",
    # `user_id` is null for a sign-in: whose passkey answers is not known before.
    """create table passkey_challenge (
      challenge bytea primary key,
      user_id uuid references user_account,
      expires_at timestamptz not null
    )""",
    "create index passkey_challenge_age on passkey_challenge (expires_at)",
]
SYSTEM = {"system": ("select, insert, update, delete", "true")}


def upgrade() -> None:
    execute(TABLES)
    for table in ("passkey", "passkey_challenge"):
        execute(schema.protect("identity", table, SYSTEM))
