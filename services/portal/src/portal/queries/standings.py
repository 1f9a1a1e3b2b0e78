"""How students stand in their programs: courses, services, hours of the week, combined progress."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from portal import domain
from portal.queries.disclosed import shown

DEFAULT_ZONE = "America/New_York"
ENROLLMENTS = """
select e.enrollment_id, e.student_id, e.program_id, e.started_on, e.ended_on, e.status, s.name as student_name, s.email,
  p.name as program_name, coalesce(p.time_zone, :zone) as time_zone, p.courses, p.skills,
  coalesce(r.required_minutes_per_week, p.required_minutes_per_week) as required_minutes_per_week,
  w.result as last_result, coalesce(w.met_in_a_row, 0) as met_in_a_row, coalesce(w.missed_in_a_row, 0) as missed_in_a_row,
  m.status as milady, (select count(*) from alert a where a.student_id = e.student_id
    and a.enrollment_id = e.enrollment_id and a.status = 'open') as open_alerts
from enrollment e left join program p using (program_id) left join person s on s.user_id = e.student_id
  left join milady_provisioning m using (enrollment_id)
  left join lateral (
    select q.required_minutes_per_week from requirement q where q.enrollment_id = e.enrollment_id
      and q.effective_from <= cast(:now as timestamptz) at time zone coalesce(p.time_zone, :zone)
    order by q.effective_from desc limit 1) r on true
  left join lateral (
    select l.result, l.met_in_a_row, l.missed_in_a_row from week_result l where l.enrollment_id = e.enrollment_id
    order by l.week_start desc limit 1) w on true
where (e.student_id = cast(:student as uuid) or cast(:student as uuid) is null)
order by e.status = 'active' desc, lower(s.name) nulls last, e.started_on desc, e.enrollment_id limit :most"""
COURSES = """select enrollment_id, course_code, title, percent, minutes_spent, minutes_required, last_accessed_at, as_of
from course_progress where enrollment_id = any(:ids) order by course_code"""
SKILLS = """select enrollment_id, skill_code, count(*) filter (where status = 'approved') as approved,
  count(*) filter (where status = 'pending') as pending, count(*) filter (where status = 'rejected') as rejected
from skill_entry where enrollment_id = any(:ids) group by enrollment_id, skill_code order by skill_code"""
WEEKS = "select enrollment_id, week_start, minutes from week_total where enrollment_id = any(:ids) and week_start = any(:weeks)"
MOST = 500


@dataclass(frozen=True)
class CourseLine:
    """One theory course of a student. `percent` is unrounded; instants are None where Milady has told nothing yet."""

    code: str
    title: str
    minutes_required: int
    percent: Decimal = Decimal(0)
    minutes_spent: int = 0
    last_accessed_at: datetime | None = None
    as_of: datetime | None = None


@dataclass(frozen=True)
class SkillLine:
    """One practical service of a student, counted by the state of its entries."""

    code: str
    title: str
    quota: int | None
    approved: int = 0
    pending: int = 0
    rejected: int = 0

    @property
    def percent(self) -> Fraction | None:
        """Of the quota, unrounded."""
        return domain.share(domain.Skill(self.approved, self.quota))


@dataclass(frozen=True)
class LastWeek:
    """How the last week that was closed ended (`met`, `missed`, `excused`), and how many met or missed ones in a row that makes."""

    result: str
    in_a_row: int


@dataclass(frozen=True)
class Standing:
    """One enrollment as its student and partners see it. Dates are in the program's zone; `week_minutes` are of the current week."""

    enrollment_id: UUID
    student_id: UUID
    program_id: UUID
    status: str
    started_on: date
    ended_on: date | None
    time_zone: str
    student_name: str | None
    email: str | None
    program_name: str | None
    required_minutes: int | None
    milady: str | None
    open_alerts: int
    local_now: datetime
    week_minutes: int = 0
    last_week: LastWeek | None = None
    courses: list[CourseLine] = field(default_factory=list)
    skills: list[SkillLine] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The date where the program is."""
        return self.local_now.date()

    @property
    def progress(self) -> domain.Progress:
        """Theory, practical and overall, unrounded."""
        return domain.Progress(
            domain.theory([domain.Course(course.percent, course.minutes_required) for course in self.courses]),
            domain.practical([domain.Skill(skill.approved, skill.quota) for skill in self.skills]),
        )


async def standings(tx: Transaction, now: datetime, student_id: UUID | None = None) -> list[Standing]:
    """Of one student, or of every student whom the one who asks may see (at most 500): active ones first, then by name."""
    rows = shown(tx, await tx.all(ENROLLMENTS, {"student": student_id, "zone": DEFAULT_ZONE, "now": now, "most": MOST}))
    ids = [row.enrollment_id for row in rows]
    if not ids:
        return []
    local = {row.enrollment_id: domain.local(now, row.time_zone) for row in rows}
    weeks = {enrollment_id: domain.week_start(at.date()) for enrollment_id, at in local.items()}
    courses = _by_enrollment(await tx.all(COURSES, {"ids": ids}))
    skills = _by_enrollment(await tx.all(SKILLS, {"ids": ids}))
    found = await tx.all(WEEKS, {"ids": ids, "weeks": sorted(set(weeks.values()))})
    minutes = {(row.enrollment_id, row.week_start): row.minutes for row in found}
    return [
        Standing(
            row.enrollment_id, row.student_id, row.program_id, row.status, row.started_on, row.ended_on, row.time_zone, row.student_name,
            row.email, row.program_name, row.required_minutes_per_week, row.milady, row.open_alerts, local[row.enrollment_id],
            minutes.get((row.enrollment_id, weeks[row.enrollment_id]), 0),
            LastWeek(row.last_result, row.met_in_a_row or row.missed_in_a_row) if row.last_result else None,
            _course_lines(row.courses or (), courses[row.enrollment_id]), _skill_lines(row.skills or (), skills[row.enrollment_id]),
        )
        for row in rows
    ]  # fmt: skip


def _by_enrollment(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.enrollment_id].append(row)
    return found


def _course_lines(listed: Sequence[dict[str, Any]], told: list[Any]) -> list[CourseLine]:
    """The program's courses in its order, weighed by its minutes; while the program is not known yet, those that Milady told of."""
    known = {row.course_code: row for row in told}
    wanted = listed or [{"code": row.course_code, "title": row.title, "minutes": row.minutes_required} for row in told]
    lines = []
    for course in wanted:
        line = CourseLine(course["code"], course["title"], course["minutes"])
        if row := known.get(course["code"]):
            line = CourseLine(line.code, line.title, line.minutes_required, row.percent, row.minutes_spent, row.last_accessed_at, row.as_of)
        lines.append(line)
    return lines


def _skill_lines(listed: Sequence[dict[str, Any]], told: list[Any]) -> list[SkillLine]:
    """The program's catalogue with what was logged; services that are in no catalogue (yet) come after it, without a quota."""
    known = {row.skill_code: row for row in told}
    extra = [{"code": code, "title": code, "quota": None} for code in known if code not in {skill["code"] for skill in listed}]
    lines = []
    for skill in [*listed, *extra]:
        line = SkillLine(skill["code"], skill["title"], skill["quota"])
        if row := known.get(skill["code"]):
            line = SkillLine(line.code, line.title, line.quota, row.approved, row.pending, row.rejected)
        lines.append(line)
    return lines
