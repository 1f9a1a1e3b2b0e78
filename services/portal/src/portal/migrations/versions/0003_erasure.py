"""What a person leaves behind can be taken out (decision 14)."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    execute(schema.install_erasure("portal"))
