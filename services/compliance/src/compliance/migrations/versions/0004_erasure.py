"""What a person leaves behind can be taken out (decision 14)."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0004", "0003"

STATEMENTS = [
    "grant update (notes, reason) on hour_entry to compliance_system",
    "create index outbox_hours_voided on outbox (key) where topic = 'hours.voided'",
]


def upgrade() -> None:
    execute(schema.install_erasure("compliance"))
    execute(STATEMENTS)
