"""How many of an entry's minutes count, and what is flagged: the rule in SQL, for sets of weeks and for a statement as of a date.

Entries take a cap in the order of their work date, then of their ids. An accepted entry counts whole, and takes as much of the cap as
if it had not been accepted and more (SPEC 3.3, decision 15). Two sources that tell of the same category on one day are possible double
credit, in whichever of the student's enrollments.
"""

LINE = """select h.log_id, h.revision, h.enrollment_id, h.student_id, h.work_date, h.week_start, h.minutes, h.category, h.source, h.status,
   p.daily_cap_minutes, p.weekly_cap_minutes, min(h.source) over same <> max(h.source) over same as double_credit,
   exists (select from hour_acceptance a where a.log_id = h.log_id and a.minutes >= h.minutes {accepted}) as accepted
  from {entries} h join enrollment e using (enrollment_id) left join program p using (program_id)
  where h.minutes > 0 and h.work_date >= e.started_on and h.work_date <= coalesce(e.ended_on, 'infinity') and {counts}
  window same as (partition by h.student_id, h.work_date, h.category)"""
OF_SUBMITTED = "(h.status = 'verified' or h.status = 'submitted' and coalesce(p.submitted_hours_count, true))"
OF_VERIFIED = "(h.status = 'verified' or h.status = 'submitted' and not coalesce(p.reports_verified_only, true))"
"""Which entries count for weeks and alerts, and which in official reports."""
COUNT = """{name}_line as ({line}),
{name}_day as (
  select *, case when accepted or daily_cap_minutes is null then minutes
                 else least(minutes, greatest(0, daily_cap_minutes - before)) end as of_day
  from (select *, coalesce(sum(minutes) over (partition by enrollment_id, work_date order by log_id
          rows between unbounded preceding and 1 preceding), 0)::int as before from {name}_line) l
),
{name} as (
  select *, case when accepted or weekly_cap_minutes is null then of_day
                 else least(of_day, greatest(0, weekly_cap_minutes - sofar)) end as counted_minutes
  from (select *, coalesce(sum(of_day) over (partition by enrollment_id, week_start order by work_date, log_id
          rows between unbounded preceding and 1 preceding), 0)::int as sofar from {name}_day) d
)"""


def count(name: str, entries: str, counts: str, *, accepted: str = "") -> str:
    """The common table expression `name`: of each entry of `entries` that counts, `counted_minutes` and `double_credit`.

    `entries` is a relation of whole weeks of students, with the columns of `hour_entry`; `accepted` narrows the acceptances.
    """
    return COUNT.format(name=name, line=LINE.format(entries=entries, counts=counts, accepted=accepted))
