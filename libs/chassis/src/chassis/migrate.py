"""Migrations: alembic over the `migrations` folder inside each service's package, run by the database's owner."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

import asyncpg
from alembic import command, context, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from chassis import months, schema


def _config(package: str, owner_url: str | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", f"{package}:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = owner_url
    return config


def head(package: str) -> str | None:
    """The newest migration that this build carries."""
    return ScriptDirectory.from_config(_config(package)).get_current_head()


def serves(package: str, found: str | None) -> bool:
    """Whether a database at the revision `found` is one that this build can work on: its own newest, or that of a later build.

    A revision that this build does not know comes from a later one. Migrations only add until no older build runs any more
    (docs/operations.md), so an older build goes on, and may be started again, while a newer one is rolled out.
    """
    scripts = ScriptDirectory.from_config(_config(package))
    return found is not None and (found == scripts.get_current_head() or found not in {one.revision for one in scripts.walk_revisions()})


async def upgrade(service: str, package: str, owner_url: str) -> None:
    """Brings the database to this build's migrations, one runner at a time, and makes the partitions of the next months.

    A database that a later build has migrated is left as it is. Raises what the database raises; the failed migration is undone whole.
    """
    guard = await asyncpg.connect(owner_url, timeout=10)
    try:
        await guard.execute("select pg_advisory_lock(hashtext('migrations'))")
        known = await guard.fetchval("select to_regclass('alembic_version') is not null")
        found = await guard.fetchval("select version_num from alembic_version") if known else None
        if not serves(package, found):
            await asyncio.to_thread(command.upgrade, _config(package, owner_url), "head")
        await months.ahead(guard, datetime.now(UTC).date())
        await guard.execute(f"grant select on alembic_version to {schema.role(service, 'system')}")
    finally:
        await guard.close()


def run() -> None:
    """The whole of a service's `migrations/env.py`."""

    def go(connection: Connection) -> None:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()

    async def main() -> None:
        url = str(context.config.attributes["url"]).replace("postgresql://", "postgresql+asyncpg://", 1)
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.connect() as connection:
            await connection.run_sync(go)
        await engine.dispose()

    asyncio.run(main())


def execute(statements: Iterable[str]) -> None:
    """Runs each statement of a migration, as it stands."""
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
