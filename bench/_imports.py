"""A file of 100,000 rows through compliance's own worker, as the partner of 200 students sent it."""

import json
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
from _cohort import Cohort
from _enrollments import STUDENTS_OF_A_PARTNER, WEEKS
from chassis.database import Database
from chassis.principal import Principal
from compliance import importing
from compliance.commands import imports

ROWS, AT_ONCE, MINUTES = 100_000, 2_000, 5
DAYS = 7 * (WEEKS - 1)
"""Before the week that is scanned, whose days Milady's hours may have filled."""


async def imported(cohort: Cohort) -> float:
    """Rows a second, from the first chunk to the last, every row good."""
    database, admin = Database(cohort.database.login_url, "compliance", pool_size=2), await asyncpg.connect(cohort.database.admin_url)
    try:
        first = cohort.size // 2 // STUDENTS_OF_A_PARTNER * STUDENTS_OF_A_PARTNER
        who = Principal("partner", await cohort.partner(admin, first), frozenset(["worksite"]))
        students = await cohort.students(admin, list(range(first, first + STUDENTS_OF_A_PARTNER)))
        import_id = await _kept(database, who, cohort, [enrollment_id for enrollment_id, _ in students])
        started = time.perf_counter()
        while await importing.round_of(database):
            pass
        took = time.perf_counter() - started
        async with database.transaction(who) as tx:
            made = await tx.scalar("select made from hour_import where import_id = :id", {"id": import_id})
        if made != ROWS:
            raise RuntimeError(f"{made} rows became entries, not {ROWS}")
        return ROWS / took
    finally:
        await admin.close()
        await database.close()


async def _kept(database: Database, who: Principal, cohort: Cohort, enrollments: list[UUID]) -> UUID:
    """The file, as the API keeps it."""
    async with database.transaction(who) as tx:
        found = await imports.begin(tx, "partial", b"bench", None, datetime.now(UTC))
    for begin in range(0, ROWS, AT_ONCE):
        rows = [(line + 2, _row(cohort, enrollments, line)) for line in range(begin, begin + AT_ONCE)]
        async with database.transaction(who) as tx:
            await imports.add_rows(tx, found.import_id, rows)
    async with database.transaction(who) as tx:
        await imports.seal(tx, found.import_id)
    import_id: UUID = found.import_id
    return import_id


def _row(cohort: Cohort, enrollments: list[UUID], line: int) -> str:
    on = cohort.week - timedelta(days=1 + line // len(enrollments) % DAYS)
    about = {"enrollment_id": str(enrollments[line % len(enrollments)]), "work_date": on.isoformat(), "external_key": f"bench-{line}"}
    return json.dumps(about | {"minutes": str(MINUTES), "category": "practical"})
