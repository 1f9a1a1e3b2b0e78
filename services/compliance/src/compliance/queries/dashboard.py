"""The weekly dashboard (SPEC 3.3, `weekly_compliance_dashboard`): an enrollment's week, worst first.

Rows come by severity of what is open of the week, or of a silence that goes on, then by minutes missing, then by enrollment. Where a
partner, a program or a cohort bounds the list, all of it is numbered and sorted. An administrator's list of everybody is not: it is read
from the indexes of open alerts, so that a page costs the same with a million enrollments, and takes what was missing at the check; those
without an alert come after, sorted (decision 18).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging

from compliance.domain.dashboard import Standing

Key = tuple[int, int, UUID]
"""Rank of the severity (0: nothing is open), minutes missing, enrollment: what rows are sorted by, downwards."""
FIRST: Key = (99, 0, UUID(int=0))
UNALERTED: Key = (1, 0, UUID(int=0))
"""Before the first row of all, and before the first of those without an open alert."""
DAYS = """select t.today, t.present, coalesce(cast(:week as date), t.present) as week_start
  from (select today, cast(date_trunc('week', today) as date) as present
        from (select cast(cast(:now as timestamptz) at time zone q.time_zone as date) as today) d) t"""
PLACE = f"place as materialized (select q.program_id, q.name, p.* from program q cross join lateral ({DAYS}) p)"
THERE = """p.week_start <= p.present and e.started_on <= p.week_start + 6
  and coalesce(e.ended_on, 'infinity') >= least(p.week_start + 6, greatest(p.week_start, p.today))"""
"""Whether an enrollment goes on in the week: one that has not come has nobody, and one that runs has lost whoever ended in it already."""
OF_WEEK = """a.enrollment_id = {enrollment} and a.status = 'open'
  and (a.week_start = {week} or a.alert_type = 'inactivity_check' and a.week_start <= {week})"""
STANDING = f"""case when n.on_leave then '{Standing.ON_LEAVE}' when n.logged >= n.target then '{Standing.ON_TRACK}'
  when n.logged > 0 then '{Standing.BEHIND}' else '{Standing.NO_ACTIVITY}' end"""
NUMBERS = f"""{PLACE}, chosen as materialized (
  select e.enrollment_id, e.student_id, e.program_id, e.cohort_id, e.started_on, e.ended_on, p.name as program_name, p.today, p.week_start,
    p.present
  from enrollment e join place p using (program_id) where {THERE} and {{which}}
), off as materialized (
  select l.enrollment_id, range_agg(daterange(l.first_on, l.last_on, '[]')) as days from leave l
  where l.status = 'approved' and l.enrollment_id in (select enrollment_id from chosen) group by l.enrollment_id
), number as materialized (
  select c.*, r.required_minutes_per_week as required, coalesce(w.minutes, 0) as logged, coalesce(worst.rank, 0) as rank,
    week_target(r.required_minutes_per_week, c.week_start, c.started_on, c.ended_on, off.days) as target,
    coalesce(c.week_start = c.present and off.days @> c.today
      or off.days && daterange(c.week_start, c.week_start + 7)
       and counted_days(c.week_start, c.week_start + 6, c.started_on, c.ended_on, off.days) = 0, false) as on_leave
  from chosen c
  join requirement r on r.enrollment_id = c.enrollment_id and r.effective_from <= c.week_start
    and (r.effective_until is null or r.effective_until > c.week_start)
  left join off on off.enrollment_id = c.enrollment_id
  left join weekly_total w on w.enrollment_id = c.enrollment_id and w.week_start = c.week_start
  left join lateral (select max(a.rank) as rank from alert a where {OF_WEEK.format(enrollment="c.enrollment_id", week="c.week_start")})
    worst on true
), stood as materialized (
  select n.*, greatest(0, n.target - n.logged) as missing, {STANDING} as standing from number n
)"""
SORTED = f"""with {NUMBERS}
select s.*, h.name, h.email, last.active_on, least(s.today, s.week_start + 6) - last.active_on as days_since
from (
  select * from stood x where (cast(:standing as text) is null or x.standing = :standing)
    and (x.rank, x.missing, x.enrollment_id) < (cast(:rank as int), cast(:missing as int), cast(:after as uuid))
  order by x.rank desc, x.missing desc, x.enrollment_id desc {{limit}}) s
left join person h on h.user_id = s.student_id
left join lateral (
  select t.last_activity_on as active_on from weekly_total t
   where t.enrollment_id = s.enrollment_id and t.week_start <= s.week_start and t.last_activity_on is not null
   order by t.week_start desc limit 1) last on true
order by s.rank desc, s.missing desc, s.enrollment_id desc"""
# Of an enrollment's alerts one governs where it stands. Where zones are in two weeks, each finds its own under that. `offset 0` has both
# looked at for one alert after the other, down the index until the page is full: a plan that joins them first goes through everybody.
GOVERNS = f"""(a.rank, a.missing_minutes, a.enrollment_id) < (cast(:rank as int), cast(:missing as int), cast(:after as uuid))
  and exists (select from enrollment e join program q using (program_id) cross join lateral ({DAYS}) p
    where e.enrollment_id = a.enrollment_id and p.week_start = w.week_start and {THERE} offset 0)
  and not exists (select from alert b where {OF_WEEK.replace("a.", "b.").format(enrollment="a.enrollment_id", week="w.week_start")}
    and (b.rank, b.missing_minutes, b.alert_id) > (a.rank, a.missing_minutes, a.alert_id) offset 0)"""
# The number of rows is in the statement, not beside it: of a limit that it does not know PostgreSQL expects a tenth of everything.
WORST_OF = """select x.* from week w cross join lateral (
    select a.rank, a.missing_minutes, a.enrollment_id from alert a where a.status = 'open' and {which} and {governs}
    order by a.rank desc, a.missing_minutes desc, a.enrollment_id desc limit {{n}}) x"""
OF_HOURS = "a.alert_type <> 'inactivity_check' and a.week_start = w.week_start"
OF_SILENCE = "a.alert_type = 'inactivity_check' and a.week_start <= w.week_start"
WORST = f"""with week as (select distinct p.week_start from program q cross join lateral ({DAYS}) p)
select * from (
  {WORST_OF.format(which=OF_HOURS, governs=GOVERNS)}
  union all
  {WORST_OF.format(which=OF_SILENCE, governs=GOVERNS)}
) k order by rank desc, missing_minutes desc, enrollment_id desc limit {{n}}"""
AT_ONCE, CHUNK = 500, 2_000


@dataclass(frozen=True, slots=True)
class Filter:
    """What the dashboard is narrowed to; None does not narrow. Without a week: the present one, where each program is."""

    partner_id: UUID | None = None
    program_id: UUID | None = None
    cohort_id: UUID | None = None
    status: Standing | None = None
    week_start: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An enrollment's week, and what it is sorted by."""

    row: Any
    key: Key


async def dashboard(tx: Transaction, wanted: Filter, paging: Paging, now: datetime) -> list[Line]:
    """A page's lines, one more than it holds."""
    read = paging.values(_count, _count, UUID)
    after: Key = (read[0], read[1], read[2]) if read else FIRST
    about = {"now": now, "week": wanted.week_start, "standing": wanted.status}
    if tx.principal.kind != "admin" or wanted.partner_id or wanted.program_id or wanted.cohort_id:
        which, narrowed = bounds(tx, wanted)
        return await _sorted(tx, which, about | narrowed, after, paging.limit + 1)
    return await _worst_first(tx, about, after, paging.limit + 1)


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number < 10**6:
        raise ValueError("no rank and no week's minutes")
    return number


def bounds(tx: Transaction, wanted: Filter) -> tuple[str, dict[str, Any]]:
    """A condition on enrollments `e`, and what it reads. Nobody but administrators sees other partners' students."""
    parts, read = ["true"], {}
    for name in ("program_id", "cohort_id"):
        if value := getattr(wanted, name):
            parts.append(f"e.{name} = :{name}")
            read[name] = value
    if wanted.partner_id and tx.principal.kind == "admin":
        parts.append("e.student_id = any(array(select subject_id from access_grant where viewer_id = :partner_id and active))")
        read["partner_id"] = wanted.partner_id
    elif wanted.partner_id and wanted.partner_id != tx.principal.id:
        parts.append("false")
    return " and ".join(parts), read


async def _sorted(tx: Transaction, which: str, about: Mapping[str, Any], after: Key, n: int) -> list[Line]:
    """Whoever `which` picks, all numbered and sorted; the first `n` behind `after`."""
    rows = await tx.all(SORTED.format(which=which, limit=f"limit {n}"), {**about, **_behind(after)})
    return [Line(row, (row.rank, row.missing, row.enrollment_id)) for row in rows]


async def _worst_first(tx: Transaction, about: Mapping[str, Any], after: Key, n: int) -> list[Line]:
    """Everybody: those with an alert by its index, some hundreds at once, then those without."""
    found: list[Line] = []
    while after > UNALERTED and len(found) < n:
        read, many = {"now": about["now"], "week": about["week"], **_behind(after)}, AT_ONCE if about["standing"] else n
        keys: dict[UUID, Key] = {row.enrollment_id: tuple(row) for row in await tx.all(WORST.format(n=many), read)}
        if keys:
            lines = await _sorted(tx, "e.enrollment_id = any(:ids)", {**about, "ids": list(keys)}, FIRST, len(keys))
            by_id = {line.row.enrollment_id: line.row for line in lines}
            found += [Line(by_id[each], key) for each, key in keys.items() if each in by_id]
        after = list(keys.values())[-1] if len(keys) == many else UNALERTED
    if len(found) < n:
        found += await _sorted(tx, "true", about, after, n - len(found))
    return found[:n]


async def everything(tx: Transaction, wanted: Filter, now: datetime) -> AsyncIterator[Sequence[Any]]:
    """The whole dashboard in its order, some thousand rows at once, by a cursor of the server's."""
    which, narrowed = bounds(tx, wanted)
    read = {"now": now, "week": wanted.week_start, "standing": wanted.status, **narrowed, **_behind(FIRST)}
    await tx.execute(f"declare everything no scroll cursor for {SORTED.format(which=which, limit='')}", read)
    while rows := await tx.all(f"fetch {CHUNK} from everything"):
        yield rows


def _behind(after: Key) -> dict[str, Any]:
    return dict(zip(("rank", "missing", "after"), after, strict=True))
