"""Tables by months: partitions are made ahead, and whole months are dropped when they need not be kept any longer."""

from datetime import date

import asyncpg

AHEAD = 3
TABLES = {"outbox": "created_at", "audit_entry": "at"}
"""By which column a table of the chassis is partitioned. What has no month of its own yet lies in `<table>_default`."""


def of(table: str, month: date) -> str:
    """The name of the partition that ends with a month."""
    return f"{table}_{month.year}_{month.month:02d}"


def after(month: date) -> date:
    """The first day of the month that follows."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


async def ahead(owner: asyncpg.Connection, today: date) -> None:
    """Makes the partitions of this month and the next ones, where they are missing; rows that waited for them move in."""
    for table, column in TABLES.items():
        month = today.replace(day=1)
        for _ in range(AHEAD):
            if not await owner.fetchval("select to_regclass($1) is not null", of(table, month)):
                async with owner.transaction():
                    await _make(owner, table, column, month)
            month = after(month)


async def _make(owner: asyncpg.Connection, table: str, column: str, month: date) -> None:
    made, begins, ends = of(table, month), f"'{month} 00:00Z'", f"'{after(month)} 00:00Z'"
    await owner.execute(f"lock table {table} in share row exclusive mode")
    await owner.execute(f"create table {made} (like {table} including defaults)")
    await owner.execute(
        f"with waited as (delete from {table}_default where {column} >= {begins} and {column} < {ends} returning *) "
        f"insert into {made} select * from waited"
    )
    await owner.execute(f"alter table {table} attach partition {made} for values from ({begins}) to ({ends})")


async def before(owner: asyncpg.Connection, table: str, first: date) -> list[str]:
    """The partitions of the months before `first`, the oldest first."""
    found = await owner.fetch("select inhrelid::regclass::text as name from pg_inherits where inhparent = $1::text::regclass", table)
    return sorted(row["name"] for row in found if row["name"] < of(table, first))
