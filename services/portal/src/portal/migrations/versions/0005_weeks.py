"""What is asked of enrollments, and how their weeks ended."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0005", "0004"

TABLES = [
    """create table requirement (
      enrollment_id uuid, effective_from date, student_id uuid not null, required_minutes_per_week int not null,
      inactivity_days_threshold int not null, revision int not null, primary key (enrollment_id, effective_from)
    )""",
    "create index requirement_student on requirement (student_id)",
    """create table week_result (
      enrollment_id uuid, week_start date, student_id uuid not null, result text not null, logged_minutes int not null,
      target_minutes int not null, met_in_a_row int not null, missed_in_a_row int not null, revision int not null,
      primary key (enrollment_id, week_start)
    )""",
    "create index week_result_student on week_result (student_id)",
]


def upgrade() -> None:
    """Adds both to the students' records."""
    execute(TABLES)
    rules = {
        "student": ("select", "student_id = acting_user()"),
        "partner": ("select", f"student_id = {schema.VISIBLE}"),
        "admin": ("select", "true"),
        "system": ("all", "true"),
    }
    for table in ("requirement", "week_result"):
        execute(schema.protect("portal", table, rules))
