"""The checks of SPEC 3.3 for sets of enrollments: the numbers, and which row of `domain.alerts.RULES` fits them.

`tests/test_judging.py` holds it equal to the domain over lives made by chance. Of each enrollment it reads the requirement and the totals
of the week and the one before, and only where those leave a question its ledger rows or earlier weeks.
"""

from datetime import date
from typing import Any
from uuid import UUID

from compliance.domain.alerts import ALERT_TYPE, RULES, SEVERITIES
from compliance.domain.weeks import week_of
from compliance.queries.years import ATTACHED

ACTIVE = "e.started_on <= :day and coalesce(e.ended_on, 'infinity') >= :day and e.status = 'active'"
"""On the day of the check, and still: nobody can act on an alert of an enrollment that ended."""
IN_WEEK = "e.started_on <= cast(:week as date) + 6 and coalesce(e.ended_on, 'infinity') >= cast(:week as date)"
"""On some day of the week."""
IN_FORCE = """r.effective_from <= cast(:week as date)
   and (r.effective_until is null or r.effective_until > cast(:week as date))"""
"""The requirement of the week."""
ASKED = f"""asked as materialized (
  select r.enrollment_id, r.required_minutes_per_week, r.inactivity_days_threshold from requirement r
  where r.enrollment_id = any(:ids) and {IN_FORCE}
)"""
# What only adds to a row is read by this: a plan weighs each of the thousands of `:ids`, to know how many rows there will be.
BATCH = "array(select enrollment_id from batch)"
OFF = f"""off as materialized (
  select enrollment_id, range_agg(daterange(first_on, last_on, '[]')) as days from leave
  where status = 'approved' and enrollment_id = any({BATCH}) group by enrollment_id
)"""
TARGET = "week_target(r.required_minutes_per_week, cast(:week as date), b.started_on, b.ended_on, off.days)"
WEEK = f"""week as materialized (
  select w.enrollment_id, w.minutes, w.last_activity_on from weekly_total w
  where w.week_start = cast(:week as date) and w.enrollment_id = any({BATCH})
)"""
BEFORE = f"""before as materialized (
  select w.enrollment_id, w.missed_in_a_row, w.last_activity_on from weekly_total w
  where w.week_start = cast(:week as date) - 7 and w.enrollment_id = any({BATCH})
)"""
"""The week before: most who are silent in this one were not in that."""
GIVEN = f"""
batch as materialized (
  -- In a detached year nobody can be accused: what was there on the day of the check is not known.
  select e.enrollment_id, e.student_id, e.program_id, e.started_on, e.ended_on from enrollment e
  where e.enrollment_id = any(:ids) and {ACTIVE} and {ATTACHED.format("cast(:week as date)")}
), {OFF}, {ASKED}, {WEEK}, {BEFORE}"""
SOFAR = """(
    select coalesce(sum(h.counted_minutes), 0)::int as minutes, max(h.work_date) as last_on from counted_hours h
    where w.last_activity_on > :day and h.student_id = b.student_id and h.enrollment_id = b.enrollment_id
     and h.work_date between :week and :day)"""
"""What was there on the day, where hours of a later one are known."""
NOTHING_LATER = "(select cast(null as int) as minutes, cast(null as date) as last_on)"
"""In place of `SOFAR` on the last day of a week, for a plan weighs it whether it is asked or not."""
NUMBER = f"""select b.*, off.days as off,
    r.required_minutes_per_week as required, r.inactivity_days_threshold as threshold, {TARGET} as target,
    counted_days(cast(:week as date), cast(:day as date), b.started_on, b.ended_on, off.days) as begun,
    coalesce(w.minutes, 0) as week_minutes, coalesce(before.missed_in_a_row, 0) as missed_before,
    case when w.last_activity_on > :day then sofar.minutes else coalesce(w.minutes, 0) end as logged,
    coalesce(case when w.last_activity_on > :day then sofar.last_on else w.last_activity_on end, before.last_activity_on, (
      select t.last_activity_on from weekly_total t
       where t.enrollment_id = b.enrollment_id and t.week_start < cast(:week as date) - 7 and t.last_activity_on is not null
       order by t.week_start desc limit 1)) as last_activity_on
  from batch b join asked r using (enrollment_id) left join off using (enrollment_id) left join week w using (enrollment_id)
  left join before using (enrollment_id) cross join lateral {{sofar}} sofar"""
KEYS = {
    "midweek": """case when n.week_minutes < n.target and n.begun > 0 and 2 * n.logged <= n.target and not :weekly_ran
      then case when n.logged > 0 then 'some' else 'none' end end""",
    "weekly": """case when n.week_minutes >= n.target then null
      when n.missed_before >= 2 then case when n.logged > 0 then 'third-some' else 'third-none' end
      when n.idle >= 2 * n.threshold then case when n.logged > 0 then 'twice-some' else 'twice-none' end
      when n.logged > 0 then 'some' when n.idle >= n.threshold then 'idle' else 'none' end""",
    "inactivity": """case when n.idle < n.threshold then null
      when n.off @> cast(:day as date) then null
      when exists (select from weekly_total l where l.enrollment_id = n.enrollment_id and l.last_activity_on > :day) then null
      when n.idle >= 2 * n.threshold then 'twice' else 'idle' end""",
}
"""Which row of the rules fits numbers `n`; null where none does."""
FILLED = "format((cast(:{0}s as text[]))[j.at], j.logged_text, j.target_text, j.idle, j.threshold) as {0}"
# Step within step, and nothing kept between them; `offset 0` has each step work out once what the next one reads twice. A rule is found by
# its place among them, not by a join, of which a plan expects next to nothing and goes on by loops.
FOUND = f"""{GIVEN}, found as materialized (
  select j.enrollment_id, j.student_id, j.program_id, j.required, j.target, j.logged, j.idle, j.last_activity_on, j.key,
    (cast(:severities as text[]))[j.at] as severity, (cast(:ranks as int[]))[j.at] as rank,
    {FILLED.format("rule")}, {FILLED.format("message")}
  from (
    select judged.*, array_position(cast(:keys as text[]), key) as at, hours_text(logged) as logged_text, hours_text(target) as target_text
    from (
      select n.*, {{key}} as key
      from (select number.*, idle_days(last_activity_on, started_on, cast(:day as date), off) as idle from ({NUMBER} offset 0) number
        offset 0) n offset 0
    ) judged where key is not null offset 0
  ) j
)"""


def found(kind: str, *, last_day: bool) -> str:
    """The common table expressions up to `found`: who is amiss at a check of that kind, with the numbers, the severity and the words.

    `last_day`: the check is of a Sunday, so that no hours of its week are of a later day.
    """
    return FOUND.replace("{key}", KEYS[kind]).replace("{sofar}", NOTHING_LATER if last_day else SOFAR)


def parameters(kind: str, day: date, ids: list[UUID], *, weekly_ran: bool) -> dict[str, Any]:
    """What `found` reads."""
    rules = RULES[kind]
    texts = {"rules": [_template(rule.rule) for rule in rules.values()], "messages": [_template(rule.message) for rule in rules.values()]}
    severities = [rule.severity for rule in rules.values()]
    known = {"keys": list(rules), "severities": severities, "ranks": [SEVERITIES.index(each) + 1 for each in severities], **texts}
    about = {"ids": ids, "day": day, "week": week_of(day), "type": ALERT_TYPE[kind]}
    return known | about | ({"weekly_ran": weekly_ran} if kind == "midweek" else {})


def _template(text: str) -> str:
    """A text of the rules for SQL's `format`."""
    return text.replace("%", "%%").format(logged="%1$s", target="%2$s", idle="%3$s", threshold="%4$s")
