"""Reading which years of the ledger are detached."""

from datetime import date
from uuid import UUID

from chassis.database import Transaction

from compliance.domain.years import detached, year_of

OF_ENTRY = """select min(d.year) from hour_revision r join detached_year d on d.year = extract(isoyear from r.work_date)
 where r.log_id = :id"""
ATTACHED = "not exists (select from detached_year d where d.year = extract(isoyear from {0}))"
"""A condition on a date: its year is not detached."""


async def all_detached(tx: Transaction, first: date | None = None, last: date | None = None) -> list[int]:
    """The detached years, of those that the days from `first` to `last` lie in."""
    rows = await tx.all("select year from detached_year order by year")
    begins, ends = year_of(first or date.min), year_of(last or date.max)
    return [row.year for row in rows if begins <= row.year <= ends]


async def check_entry(tx: Transaction, log_id: UUID) -> None:
    """Lets an entry through that is there whole. Raises YearDetached where a revision of it lies in a detached year."""
    if (year := await tx.scalar(OF_ENTRY, {"id": log_id})) is not None:
        raise detached(year)
