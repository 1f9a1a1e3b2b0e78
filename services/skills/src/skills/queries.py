"""What skills reads. Row-level security says whose rows there are for the one who asks."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.disclosures import disclose
from chassis.pagination import Paging

from skills import domain

Rows = Sequence[Any]


async def enrollment(tx: Transaction, enrollment_id: UUID) -> Any:
    """The enrollment with its program's skills. Raises EnrollmentNotFound, also while the program is not known here yet."""
    found = await tx.first(
        """select e.*, g.skills from enrollment e join program g using (program_id) where e.enrollment_id = :id""",
        {"id": enrollment_id},
    )
    if found is None:
        raise domain.EnrollmentNotFound("There is no such enrollment of yours here (yet). If it is new, try again in a moment.")
    return found


def skills_of(row: Any) -> dict[str, domain.Skill]:
    """The catalogue in a row with a program's skills."""
    return domain.catalogue_of(json.loads(row.skills) if isinstance(row.skills, str) else row.skills)


async def catalogue(tx: Transaction, program_id: UUID) -> dict[str, domain.Skill]:
    """A program's skills by code. Raises ProgramNotFound."""
    found = await tx.first("select skills from program where program_id = :id", {"id": program_id})
    if found is None:
        raise domain.ProgramNotFound("There is no such program here (yet). If it is new, try again in a moment.")
    return skills_of(found)


async def approved(tx: Transaction, enrollment_id: UUID) -> dict[str, int]:
    """How many services of each skill are approved."""
    found = await tx.all(
        """select skill_code, count(*) as services from entry where enrollment_id = :id and status = 'approved' group by skill_code""",
        {"id": enrollment_id},
    )
    return {row.skill_code: row.services for row in found}


async def approved_in(tx: Transaction, program_id: UUID, enrollment_id: UUID) -> dict[str, int]:
    """How many services of each skill are approved. Raises EnrollmentNotFound, also when the enrollment is in another program."""
    found = await enrollment(tx, enrollment_id)
    if found.program_id != program_id:
        raise domain.EnrollmentNotFound("This enrollment is in another program. Ask for that program's skills.")
    disclose(tx, [found.student_id])
    return await approved(tx, enrollment_id)


async def competence(tx: Transaction, enrollment_id: UUID) -> list[domain.Competence]:
    """How far the student is in each skill. Raises EnrollmentNotFound."""
    found = await enrollment(tx, enrollment_id)
    disclose(tx, [found.student_id])
    return domain.competence(skills_of(found).values(), await approved(tx, enrollment_id))


async def entry(tx: Transaction, entry_id: UUID, *, lock: bool = False) -> Any:
    """The entry, locked for a change if asked. Raises EntryNotFound."""
    found = await tx.first(f"select * from entry where entry_id = :id{' for update' if lock else ''}", {"id": entry_id})
    if found is None:
        raise domain.EntryNotFound("There is no such entry among those that you may see. Check the id.")
    return found


async def hold_order(tx: Transaction, enrollment_ids: Iterable[UUID]) -> None:
    """Waits until whoever tells of these enrollments has committed, so that what is told of each comes in the order of commits.

    Events have the enrollment for a key, and every entry is a row of its own. Take it after the entries' locks, never before.
    """
    await tx.execute(
        """select pg_advisory_xact_lock(hashtextextended(id::text, 0))
             from (select distinct unnest(cast(:ids as uuid[])) as id order by id) as held""",
        {"ids": list(enrollment_ids)},
    )


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries; what is None does not matter."""

    enrollment_id: UUID | None = None
    student_id: UUID | None = None
    program_id: UUID | None = None
    status: str | None = None
    skill_code: str | None = None

    @property
    def where(self) -> str:
        """The conditions, each on a column of its own name."""
        return " and ".join(["true", *(f"{name} = :{name}" for name in self.values)])

    @property
    def values(self) -> dict[str, Any]:
        """What is asked for, by column."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}


async def entries(tx: Transaction, wanted: Filter, paging: Paging) -> Rows:
    """A page of entries, the newest first."""
    after = paging.values(UUID)
    older = " and entry_id < :after" if after else ""
    return await tx.all(
        f"select * from entry where {wanted.where}{older} order by entry_id desc limit :n",
        {**wanted.values, "n": paging.limit + 1, **({"after": after[0]} if after else {})},
    )


async def lock_pending(tx: Transaction, wanted: Filter) -> Rows:
    """Every pending entry that fits, locked in the order of ids, so that two who approve all do not wait for each other in a circle."""
    return await tx.all(f"select * from entry where {wanted.where} and status = 'pending' order by entry_id for update", wanted.values)


async def entries_of(tx: Transaction, student_id: UUID) -> Rows:
    """All of the student's services, the oldest first."""
    return await tx.all("select * from entry where student_id = :id order by entry_id", {"id": student_id})
