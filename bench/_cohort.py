"""The databases of the compliance bench: a server set up as one of its own would be, and one of its sizes, filled."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

import asyncpg
from _enrollments import ENROLLMENT, PARTNER, STUDENT, fill
from chassis.migrate import upgrade
from dev.processes import free_port, launch, wait_for
from dev.testing import ServiceDatabase, fresh_database

from dev import postgres

# A quarter of a machine of 24 GiB, as PostgreSQL's manual advises.
SETTINGS = ("shared_buffers=6GB", "effective_cache_size=16GB", "max_wal_size=8GB", "checkpoint_timeout=30min", "random_page_cost=1.1")


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """PostgreSQL with fsync and memory for what is read often; gives the superuser's DSN."""
    postgres.initialise(folder)
    port, log = free_port(), folder.with_suffix(".log")
    settings = [part for one in SETTINGS for part in ("-c", one)]
    process = launch([*postgres.server_argv(folder, port), *settings], log=log)
    try:
        wait_for("PostgreSQL", process, lambda: postgres.is_ready(folder), log=log)
        yield postgres.dsn(port)
    finally:
        postgres.stop_server(process)


@dataclass(frozen=True)
class Cohort:
    """A database with so many enrollments; `week` is the Monday of the last one that is over."""

    size: int
    seed: int
    week: date
    database: ServiceDatabase

    async def students(self, admin: asyncpg.Connection, numbers: list[int]) -> list[tuple[UUID, UUID]]:
        """Enrollment and student of these numbers."""
        asked = f"select {ENROLLMENT} as enrollment_id, {STUDENT} as student_id from unnest($1::int[]) i"
        return [tuple(row) for row in await admin.fetch(asked.replace("{seed}", str(self.seed)), numbers)]

    async def partner(self, admin: asyncpg.Connection, number: int) -> UUID:
        """The partner of the student with that number."""
        found: UUID = await admin.fetchval(f"select {PARTNER} from unnest($1::int[]) i".replace("{seed}", str(self.seed)), [number])
        return found


async def filled(dsn: str, size: int, seed: int, week: date) -> Cohort:
    """Makes and fills it."""
    made = await fresh_database(dsn, "compliance")
    await upgrade("compliance", "compliance", made.owner_url)
    admin = await asyncpg.connect(made.admin_url)
    await fill(admin, size, seed, week)
    await admin.close()
    return Cohort(size, seed, week, made)
