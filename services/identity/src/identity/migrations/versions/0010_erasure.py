"""What a person leaves behind can be taken out (decision 14)."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0010", "0009"

STATEMENTS = [
    # A tombstone is an event without a value.
    "alter table outbox alter column value drop not null",
    "create index outbox_user_changed on outbox (key) where topic = 'user.changed'",
    "alter table user_account add column buried_at timestamptz",
    "create index user_account_unburied on user_account (changed_at) where status = 'erased' and buried_at is null",
]


def upgrade() -> None:
    execute(schema.install_erasure("identity"))
    execute(STATEMENTS)
