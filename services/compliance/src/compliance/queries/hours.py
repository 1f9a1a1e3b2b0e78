"""Reading the hour ledger."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging
from sqlalchemy import select, text, tuple_

from compliance.domain.hours import EnrollmentNotKnown, Entry, EntryNotKnown, Flag, Standing, Submission
from compliance.domain.weeks import week_of
from compliance.models import current_hours
from compliance.queries import years

REVISION = (
    "log_id", "revision", "enrollment_id", "student_id", "work_date", "minutes", "category", "source", "status",
    "logged_by", "notes", "reason", "external_key", "recorded_by", "recorded_at",
)  # fmt: skip
DATES = "(select r.work_date from hour_revision r where r.log_id = :id)"
"""On which days an entry lies or lay: by them and its id `hour_entry` is found."""
STANDING = ("counted_minutes", "over_minutes", "double_credit")
FIELDS = (*REVISION, *STANDING)
ENTRY = f"""select {", ".join(f"h.{name}" for name in REVISION)}, {", ".join(f"c.{name}" for name in STANDING)}
 from current_hours c join hour_entry h using (log_id) where c.log_id = :id and h.revision = coalesce(cast(:revision as int), c.revision)
  and c.work_date in {DATES} and h.work_date in {DATES}"""
FLAGGED = {"over_cap": "over_minutes > 0", "possible_double_credit": "double_credit"}
LOCK_AND_READ = """
with held as materialized (
  select l.student_id, l.version from student_ledger l join enrollment e using (student_id)
   where e.enrollment_id = $1 for update of l
)
select e.student_id, e.started_on, e.ended_on, e.status, p.time_zone,
  held.version = seen.version as current,
  (select coalesce(sum(h.minutes), 0)::int from newest_hours h
    where h.student_id = e.student_id and h.work_date = $2 and h.status <> 'rejected' and h.log_id is distinct from $6) as day_minutes,
  w.result is not null or exists (select from alert a where a.enrollment_id = $1 and a.status = 'open'
    and (a.week_start = $3 or a.alert_type = 'inactivity_check')) as to_settle,
  (select k.log_id from hour_revision k
    where k.enrollment_id = $1 and k.source = $4 and k.external_key = $5 and k.revision = 1) as same_key,
  coalesce(p.submitted_hours_count and coalesce(p.daily_cap_minutes, p.weekly_cap_minutes) is null, true)
    and not exists (select from newest_hours b where b.student_id = e.student_id and b.work_date = $2 and b.minutes > 0
                     and b.category = $7 and b.source <> $4) as counts_simply,
  exists (select from detached_year d where d.year = extract(isoyear from $2)) as year_detached
from enrollment e
join held using (student_id)
join student_ledger seen using (student_id)
left join program p using (program_id)
left join weekly_total w on w.enrollment_id = e.enrollment_id and w.week_start = $3
where e.enrollment_id = $1"""


async def lock_standing(tx: Transaction, asked: Submission, *, besides: UUID | None = None) -> Standing:
    """Locks the student's ledger and reads all that a decision about new hours needs, in one statement. `besides`: the entry that they
    take the place of.

    A statement that waited for the lock has read the other tables as they were before; `current` tells, and with the lock
    held it is asked again. Raises EnrollmentNotKnown.
    """
    driver = await tx.driver()
    arguments = (asked.enrollment_id, asked.work_date, week_of(asked.work_date), asked.source, asked.external_key, besides, asked.category)
    row = await driver.fetchrow(LOCK_AND_READ, *arguments)
    if row is not None and not row["current"]:
        row = await driver.fetchrow(LOCK_AND_READ, *arguments)
    if row is None:
        raise EnrollmentNotKnown("There is no such enrollment here. If it was made just now, try again in a moment.")
    return Standing(
        row["student_id"], row["started_on"], row["ended_on"], row["status"], row["time_zone"], row["day_minutes"],
        row["to_settle"], row["same_key"], row["counts_simply"], row["year_detached"],
    )  # fmt: skip


async def lock_entry(tx: Transaction, log_id: UUID) -> Entry:
    """Locks the ledger of the entry's student and gives the entry's newest revision. Raises EntryNotKnown or YearDetached."""
    await tx.execute(
        """select from student_ledger where student_id = (select student_id from hour_revision where log_id = :id limit 1) for update""",
        {"id": log_id},
    )
    await years.check_entry(tx, log_id)
    return await entry(tx, log_id)


async def entry(tx: Transaction, log_id: UUID, revision: int | None = None) -> Entry:
    """The entry's newest revision, or the one that is named. Raises EntryNotKnown or YearDetached."""
    row = await tx.first(ENTRY, {"id": log_id, "revision": revision})
    if row is None:
        await years.check_entry(tx, log_id)
        raise EntryNotKnown("There is no such entry. Look it up in the list of hours.")
    return entry_of(row)


def entry_of(row: Any) -> Entry:
    """The entry in a row of `current_hours`."""
    return Entry(*(getattr(row, name) for name in FIELDS))


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of entries is narrowed to; None does not narrow. `first` and `last` are work dates, both included."""

    enrollment_id: UUID | None = None
    status: str | None = None
    source: str | None = None
    flag: Flag | None = None
    first: date | None = None
    last: date | None = None


async def entries(tx: Transaction, wanted: Filter, paging: Paging) -> list[Entry]:
    """Newest revisions, latest work date first; one more than the page holds."""
    h = current_hours.c
    statement = select(*(h[name] for name in FIELDS)).order_by(h.work_date.desc(), h.log_id.desc()).limit(paging.limit + 1)
    if wanted.enrollment_id:
        # Hours are found as their student's.
        whose = text("student_id = (select student_id from enrollment where enrollment_id = :whose)")
        statement = statement.where(whose.bindparams(whose=wanted.enrollment_id))
    for name in ("enrollment_id", "status", "source"):
        if (value := getattr(wanted, name)) is not None:
            statement = statement.where(h[name] == value)
    if wanted.flag:
        # Few entries are flagged: from them to the entries, and not the other way round.
        statement = statement.where(text(f"(work_date, log_id) in (select work_date, log_id from hour_flag where {FLAGGED[wanted.flag]})"))
    if wanted.first:
        statement = statement.where(h.work_date >= wanted.first)
    if wanted.last:
        statement = statement.where(h.work_date <= wanted.last)
    if last := paging.values(date.fromisoformat, UUID):
        statement = statement.where(tuple_(h.work_date, h.log_id) < tuple_(*last))
    return [entry_of(row) for row in await tx.all(statement)]
