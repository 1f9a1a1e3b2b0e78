"""What was believed of an enrollment's hours at an instant (SPEC 3.2)."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.database import Transaction
from chassis.disclosures import disclose

from compliance.domain.hours import EnrollmentNotKnown, ProgramNotKnown
from compliance.domain.statements import Line, Place, Statement, add_up, instant_of
from compliance.queries.counting import OF_SUBMITTED, OF_VERIFIED, count
from compliance.queries.years import all_detached

PLACE = """select e.enrollment_id, e.student_id, e.program_id, p.name as program_name, p.time_zone, e.started_on, e.ended_on, e.status
 from enrollment e left join program p using (program_id) where e.enrollment_id = :id"""
ACCEPTED = "and a.accepted_at <= :as_of"
KNOWN = ("revision", "revisions", "work_date", "minutes", "category", "source", "status", "recorded_at")
UNKNOWN = ", ".join("null" for _ in KNOWN)
LINES = f"""
with known as materialized (
  -- A revision in a detached year takes the place of those before it, in whichever year they are.
  select h.*, (select count(*) from hour_revision r where r.log_id = h.log_id and r.recorded_at <= :as_of) as revisions from hour_entry h
   where h.student_id = :student_id and h.recorded_at <= :as_of and not exists (
     select from hour_revision n where n.log_id = h.log_id and n.revision > h.revision and n.recorded_at <= :as_of)
), {count("counted", "known", OF_SUBMITTED, accepted=ACCEPTED)}, {count("official", "known", OF_VERIFIED, accepted=ACCEPTED)},
-- Put together by grouping: as a join, what counts would be worked out anew for each entry where the planner expects few.
told as (
  select log_id, {", ".join(KNOWN)}, 0 as counted_minutes, 0 as official_minutes, 0 as over_minutes, false as double_credit
   from known where enrollment_id = :id
  union all select log_id, {UNKNOWN}, counted_minutes, 0, minutes - counted_minutes, double_credit from counted where enrollment_id = :id
  union all select log_id, {UNKNOWN}, 0, counted_minutes, 0, false from official where enrollment_id = :id
)
select log_id, {", ".join(f"max({name}) as {name}" for name in KNOWN)}, sum(counted_minutes)::int as counted_minutes,
  sum(official_minutes)::int as official_minutes, sum(over_minutes)::int as over_minutes, bool_or(double_credit) as double_credit
from told group by log_id order by max(work_date), log_id"""


async def statement(tx: Transaction, enrollment_id: UUID, as_of: datetime | date | None, now: datetime) -> Statement:
    """The ledger's revisions that were recorded up to `as_of`, counted by the program's rules and the enrollment's days of now.

    Raises EnrollmentNotKnown, ProgramNotKnown or AsOfInFuture.
    """
    row = await tx.first(PLACE, {"id": enrollment_id})
    if row is None:
        raise EnrollmentNotKnown("There is no such enrollment here. If it was made just now, try again in a moment.")
    if row.time_zone is None:
        raise ProgramNotKnown("The program of this enrollment has not arrived here yet. Try again in a moment.")
    disclose(tx, [row.student_id])
    place, then = Place(**row._mapping), instant_of(as_of, row.time_zone, now)
    rows = await tx.all(LINES, {"id": enrollment_id, "student_id": row.student_id, "as_of": then})
    last = then.astimezone(ZoneInfo(row.time_zone)).date()
    gone = await all_detached(tx, row.started_on, min(last, row.ended_on or last))
    return add_up(place, then, [Line(**each._mapping) for each in rows], gone)
