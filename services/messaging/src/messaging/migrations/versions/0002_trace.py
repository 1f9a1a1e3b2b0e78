"""A message remembers the trace that asked for it, so that its delivery goes on in it."""

from chassis.migrate import execute

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """One column; messages from before have none."""
    execute(["alter table message add column traceparent text"])
