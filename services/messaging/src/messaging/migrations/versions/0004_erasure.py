"""What a person leaves behind can be taken out, mails among it (decision 14)."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0004", "0003"

TAKE_BACK = [
    "alter table message add column take_back boolean not null default false",
    "create index message_take_back on message (message_id) where take_back",
]


def upgrade() -> None:
    execute(schema.install_erasure("messaging"))
    execute(TAKE_BACK)
