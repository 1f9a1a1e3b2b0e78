"""The audit trail's indexes and the disclosure log."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """What every service has of the chassis, added to what was made by the first migration."""
    execute(schema.install_trail("milady-sync"))
