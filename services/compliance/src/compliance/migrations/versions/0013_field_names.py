"""What the field's own documents ask a database for, under their names (docs/glossary.md): row-level security holds for who calls them.
And an index by which a scan reads one week of many."""

from chassis.migrate import execute

revision, down_revision = "0013", "0012"

FUNCTIONS = [
    """create function week_start(day date) returns date language sql immutable parallel safe
      return day - (extract(isodow from day)::int - 1)""",
    "comment on function week_start is 'The Monday of the day''s week.'",
    """create function get_week_hours(enrollment uuid, day date) returns numeric language sql stable parallel safe
      return coalesce((select hours_text(minutes)::numeric from weekly_total
        where weekly_total.enrollment_id = enrollment and weekly_total.week_start = week_start(day)), 0.00)""",
    "comment on function get_week_hours is 'The hours of the day''s week that count, decimal with two places.'",
    """create function get_last_activity_date(student uuid) returns date language sql stable parallel safe
      return (select max(w.last_activity_on) from enrollment e join weekly_total w using (enrollment_id) where e.student_id = student)""",
    "comment on function get_last_activity_date is 'The last work date with counted hours, in whichever of the student''s enrollments.'",
]


def upgrade() -> None:
    execute([*FUNCTIONS, "create index weekly_total_week on weekly_total (week_start, enrollment_id)"])
