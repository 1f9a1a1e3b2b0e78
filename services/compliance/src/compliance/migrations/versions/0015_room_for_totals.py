"""Room on each page for rows that are updated again and again: their new versions lie beside the old ones, and no index is written."""

from chassis.migrate import execute

revision, down_revision = "0015", "0014"


def upgrade() -> None:
    execute(["alter table weekly_total set (fillfactor = 80)", "alter table student_ledger set (fillfactor = 80)"])
