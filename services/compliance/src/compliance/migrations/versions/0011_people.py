"""Names and addresses for the weekly dashboard and its exports, and what orders it (decision 18)."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0011", "0010"

STATEMENTS = [
    """create table person (
      user_id uuid primary key,
      name text not null,
      email text not null,
      status text not null,
      revision int not null
    )""",
    "comment on table person is 'Identity''s people, as they were told of last; an erased one has neither name nor address.'",
    "alter table program add column theory_minutes int, add column practical_minutes int",
    """alter table alert add column missing_minutes int not null generated always as
      (greatest(0, coalesce((explanation ->> 'target_minutes')::int - (explanation ->> 'logged_minutes')::int, 0))) stored""",
    "comment on column alert.missing_minutes is 'What was missing of the week''s target at the check.'",
    """create index alert_week_worst on alert (week_start, rank, missing_minutes, enrollment_id)
      where status = 'open' and alert_type <> 'inactivity_check'""",
    """create index alert_silent_worst on alert (rank, missing_minutes, enrollment_id)
      where status = 'open' and alert_type = 'inactivity_check'""",
]
RULES = {
    "student": ("select", "user_id = acting_user()"),
    "partner": ("select", f"user_id = {schema.VISIBLE}"),
    "admin": ("select", "true"),
    "system": ("select, insert, update", "true"),
}


def upgrade() -> None:
    execute(STATEMENTS)
    execute(schema.protect("compliance", "person", RULES))
