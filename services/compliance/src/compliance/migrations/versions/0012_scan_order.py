"""Who sees a student is found from the student as well: a digest of one alert reads the grants of one."""

from chassis.migrate import execute

revision, down_revision = "0012", "0011"


def upgrade() -> None:
    execute(["create index access_grant_subject on access_grant (subject_id, viewer_id) where active"])
