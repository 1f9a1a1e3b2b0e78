"""Lists of enrollments by student, which is what the policies of students and partners narrow them to."""

from chassis.migrate import execute

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    execute(["create index enrollment_student on enrollment (student_id, enrollment_id)"])
