"""Requirements with history, approved leave, and what a week asks for, in SQL (decision 16)."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0008", "0007"

TABLES = [
    "alter table enrollment add column cohort_id uuid",
    "create index enrollment_cohort on enrollment (cohort_id) where cohort_id is not null",
    """create table requirement (
      enrollment_id uuid not null,
      revision int not null check (revision > 0),
      student_id uuid not null,
      effective_from date not null check (extract(isodow from effective_from) = 1),
      effective_until date,
      required_minutes_per_week int not null check (required_minutes_per_week >= 0),
      inactivity_days_threshold int not null check (inactivity_days_threshold > 0),
      is_self_paced boolean not null default false,
      class_days smallint[] not null default '{1,2,3,4,5}' check (class_days <@ '{1,2,3,4,5,6,7}'),
      set_by uuid,
      set_at timestamptz not null default clock_timestamp(),
      primary key (enrollment_id, revision),
      check (effective_until >= effective_from)
    )""",
    """comment on table requirement is
      'What is asked of an enrollment in the weeks from effective_from until effective_until: of each week exactly one row holds, the first
       one also before it began. Revision 1 is the program''s at the enrollment; class_days are ISO weekdays.'""",
    "create index requirement_student on requirement (student_id)",
    """create table leave (
      leave_id uuid primary key default uuidv7(),
      revision int not null default 1,
      enrollment_id uuid not null,
      student_id uuid not null,
      first_on date not null,
      last_on date,
      status text not null default 'approved' check (status in ('approved', 'cancelled')),
      notes text,
      approved_by uuid not null,
      approved_at timestamptz not null,
      check (last_on >= first_on)
    )""",
    "comment on table leave is 'Approved leave, both days included, open while last_on is empty; those of an enrollment never overlap.'",
    "create index leave_enrollment on leave (enrollment_id, first_on)",
    "create index leave_student on leave (student_id)",
]
FUNCTIONS = [
    """create function days_in(days datemultirange) returns int language sql immutable parallel safe
      return (select coalesce(sum(upper(d) - lower(d)), 0)::int from unnest(days) d)""",
    """create function counted_days(first date, last date, started_on date, ended_on date, off datemultirange) returns int
      language sql immutable parallel safe return
      case when off is null or greatest(first, started_on) > least(last, ended_on)
        then greatest(0, least(last, ended_on) - greatest(first, started_on) + 1)
        else days_in(datemultirange(daterange(greatest(first, started_on), least(last, ended_on), '[]')) - off) end""",
    # An odd divisor has no ties, so that rounding half to even is rounding to the nearest.
    """create function week_target(required int, week_start date, started_on date, ended_on date, off datemultirange) returns int
      language sql immutable parallel safe return
      (2 * required * counted_days(week_start, week_start + 6, started_on, ended_on, off) + 7) / 14""",
    """create function idle_days(last_activity_on date, started_on date, checked_on date, off datemultirange) returns int
      language sql immutable parallel safe return
      case when off is null or checked_on <= coalesce(last_activity_on, started_on)
        then greatest(0, checked_on - coalesce(last_activity_on, started_on))
        else days_in(datemultirange(daterange(coalesce(last_activity_on, started_on), checked_on, '(]')) - off) end""",
    """create function leave_of(enrollment uuid) returns datemultirange language sql stable parallel safe
      return (select range_agg(daterange(first_on, last_on, '[]')) from leave where enrollment_id = enrollment and status = 'approved')""",
]
BEGUN = """insert into requirement (enrollment_id, revision, student_id, effective_from, required_minutes_per_week,
   inactivity_days_threshold)
 select e.enrollment_id, 1, e.student_id, date_trunc('week', e.started_on)::date, p.required_minutes_per_week, p.inactivity_days_threshold
 from enrollment e join program p using (program_id)"""
OWN, SEEN = "student_id = acting_user()", f"student_id = {schema.VISIBLE}"
RULES = {
    "requirement": {
        "student": ("select", OWN),
        "partner": ("select, insert, update (effective_until)", SEEN),
        "admin": ("select, insert, update (effective_until)", "true"),
        "system": ("all", "true"),
    },
    "leave": {
        "student": ("select", OWN),
        "partner": ("select, insert, update (revision, last_on, status)", SEEN),
        "admin": ("select, insert, update (revision, last_on, status)", "true"),
        "system": ("select, update", "true"),
    },
}


def upgrade() -> None:
    # Forced row-level security holds for the owner as well, who has no policy.
    execute(
        [
            *TABLES,
            *FUNCTIONS,
            "alter table enrollment no force row level security",
            BEGUN,
            "alter table enrollment force row level security",
        ]
    )
    for table, rules in RULES.items():
        execute(schema.protect("compliance", table, rules))
    for kind in ("partner", "admin"):
        to = schema.role("compliance", kind)
        execute(
            [
                f"create policy requirement_by_{kind} on requirement as restrictive for insert to {to} with check (set_by = acting_user())",
                f"create policy leave_by_{kind} on leave as restrictive for insert to {to} with check (approved_by = acting_user())",
            ]
        )
