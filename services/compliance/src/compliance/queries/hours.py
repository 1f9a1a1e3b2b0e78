"""Reading the hour ledger."""

from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging
from sqlalchemy import select, tuple_

from compliance.domain.hours import EnrollmentNotKnown, Entry, EntryNotKnown, Standing, Submission
from compliance.domain.weeks import week_of
from compliance.models import newest_hours

FIELDS = (
    "log_id", "revision", "enrollment_id", "student_id", "work_date", "minutes", "category", "source", "status",
    "logged_by", "notes", "reason", "external_key", "recorded_at",
)  # fmt: skip
LOCK_AND_READ = """
with held as materialized (
  select l.student_id, l.version from student_ledger l join enrollment e using (student_id)
   where e.enrollment_id = $1 for update of l
)
select e.student_id, e.started_on, e.ended_on, e.status, p.time_zone, p.required_minutes_per_week,
  held.version = seen.version as current,
  (select coalesce(sum(h.minutes), 0)::int from newest_hours h
    where h.student_id = e.student_id and h.work_date = $2 and h.status <> 'rejected') as day_minutes,
  coalesce(w.minutes, 0) as week_minutes,
  array(select a.alert_id from alert a where a.enrollment_id = $1 and a.week_start = $3 and a.status = 'open'
         and a.alert_type in ('midweek_progress', 'weekly_hours_check')) as open_alerts,
  (select k.log_id from hour_entry k
    where k.enrollment_id = $1 and k.source = $4 and k.external_key = $5 and k.revision = 1) as same_key
from enrollment e
join held using (student_id)
join student_ledger seen using (student_id)
left join program p using (program_id)
left join weekly_total w on w.enrollment_id = e.enrollment_id and w.week_start = $3
where e.enrollment_id = $1"""


async def lock_standing(tx: Transaction, asked: Submission) -> Standing:
    """Locks the student's ledger and reads all that a decision about new hours needs, in one statement.

    A statement that waited for the lock has read the other tables as they were before; `current` tells, and with the lock
    held it is asked again. Raises EnrollmentNotKnown.
    """
    driver = await tx.driver()
    arguments = (asked.enrollment_id, asked.work_date, week_of(asked.work_date), asked.source, asked.external_key)
    row = await driver.fetchrow(LOCK_AND_READ, *arguments)
    if row is not None and not row["current"]:
        row = await driver.fetchrow(LOCK_AND_READ, *arguments)
    if row is None:
        raise EnrollmentNotKnown("There is no such enrollment here. If it was made just now, try again in a moment.")
    return Standing(
        row["student_id"], row["started_on"], row["ended_on"], row["status"], row["time_zone"], row["required_minutes_per_week"],
        row["day_minutes"], row["week_minutes"], tuple(row["open_alerts"]), row["same_key"],
    )  # fmt: skip


async def lock_entry(tx: Transaction, log_id: UUID) -> Entry:
    """Locks the ledger of the entry's student and gives the entry's newest revision. Raises EntryNotKnown."""
    await tx.execute(
        """select from student_ledger where student_id = (select student_id from hour_entry where log_id = :id limit 1) for update""",
        {"id": log_id},
    )
    return await entry(tx, log_id)


async def entry(tx: Transaction, log_id: UUID, revision: int | None = None) -> Entry:
    """The entry's newest revision, or the one that is named. Raises EntryNotKnown."""
    row = await tx.first(
        f"""select {", ".join(FIELDS)} from hour_entry where log_id = :id and revision = coalesce(cast(:revision as int), revision)
            order by revision desc limit 1""",
        {"id": log_id, "revision": revision},
    )
    if row is None:
        raise EntryNotKnown("There is no such entry. Look it up in the list of hours.")
    return entry_of(row)


def entry_of(row: Any) -> Entry:
    """The entry in a row of `hour_entry` or `newest_hours`."""
    return Entry(*(getattr(row, name) for name in FIELDS))


async def entries(tx: Transaction, paging: Paging, *, enrollment_id: UUID | None) -> list[Entry]:
    """Newest revisions, latest work date first; one more than the page holds."""
    h = newest_hours.c
    statement = select(*(h[name] for name in FIELDS)).order_by(h.work_date.desc(), h.log_id.desc()).limit(paging.limit + 1)
    if enrollment_id:
        statement = statement.where(h.enrollment_id == enrollment_id)
    if last := paging.values(date.fromisoformat, UUID):
        statement = statement.where(tuple_(h.work_date, h.log_id) < tuple_(*last))
    return [entry_of(row) for row in await tx.all(statement)]
