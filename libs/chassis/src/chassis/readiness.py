"""What `/readyz` says is missing: a sentence for each thing, from which an operator knows what to look at."""

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import asyncpg

from chassis import migrate
from chassis.database import Database

PATIENCE = 3.0


async def database_lacks(database: Database, package: str, *, migrated: bool) -> dict[str, str]:
    """What the database lacks, by name; empty if this build can work on it. `migrated`: that was seen before, so it is not asked again."""
    try:
        async with asyncio.timeout(PATIENCE), database.transaction() as tx:
            found = await tx.scalar("select 1" if migrated else "select version_num from alembic_version")
    except Exception as error:
        if any(isinstance(cause, asyncpg.UndefinedTableError) for cause in _causes(error)):
            return {"migrations": "never ran here; run migrate"}
        return {"database": _trouble(error, database.url)}
    if not migrated and not migrate.serves(package, found):
        return {"migrations": "are not at this build's version; run migrate"}
    return {"database": "has no room on its volume: the last write failed for that"} if database.full else {}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__


def _trouble(error: BaseException, url: str) -> str:
    """The sentence for what kept us out. The address is told without its password."""
    where = urlsplit(url)
    place = f"{where.hostname}:{where.port or 5432}"
    for cause in _causes(error):
        if isinstance(cause, asyncpg.InvalidAuthorizationSpecificationError):
            return f"at {place} refuses the role or password of CHAIRSIDE_DATABASE_URL"
        if isinstance(cause, asyncpg.InvalidCatalogNameError):
            return f"{where.path.lstrip('/')} does not exist at {place}"
        if isinstance(cause, asyncpg.DiskFullError):
            return f"at {place} has no room on its volume"
        if isinstance(cause, asyncpg.TooManyConnectionsError):
            return f"at {place} takes no more connections"
    return f"at {place} does not answer: {type(error).__name__}"
