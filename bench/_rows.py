"""What the rows of a scan cost by themselves: its alerts, their events and audit entries, known beforehand and written once more.

Nothing is looked up, judged, explained or locked. It is what a scan's statement can come to where all else is free.
"""

import asyncio
import time

import asyncpg
from _cohort import Cohort
from contracts.alerts import AlertRaised

LANES, AT_ONCE = 2, 2_500
ROWS = {"alert": "alert_id", "outbox": "id", "audit_entry": "id"}
SCANNED = {"alert": "true", "outbox": f"topic = '{AlertRaised.topic}'", "audit_entry": "action = 'alert.raise'"}
GIVEN = """select string_agg(attname, ', ') from pg_attribute
 where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attidentity = ''"""


async def written_alone(cohort: Cohort, admin: asyncpg.Connection) -> float:
    """Seconds for the rows of the scan that ran, into tables with the same indexes, by as many connections as a scan of the service has."""
    statements = [await _prepared(admin, table) for table in ROWS]
    chunks = list(range(0, await admin.fetchval("select max(n) from known_alert"), AT_ONCE))
    await admin.execute("checkpoint")

    async def lane() -> None:
        connection = await asyncpg.connect(cohort.database.admin_url)
        while chunks:
            after = chunks.pop()
            async with connection.transaction():
                for statement in statements:
                    await connection.execute(statement, after, after + AT_ONCE)
        await connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(LANES)))
    took = time.perf_counter() - started
    for table in ROWS:
        await admin.execute(f"drop table known_{table}, bare_{table}")
    return took


async def _prepared(admin: asyncpg.Connection, table: str) -> str:
    """Makes an empty table like this one, and one of the rows that the scan wrote, numbered; gives the statement from this to that."""
    columns = await admin.fetchval(GIVEN, table)
    await admin.execute(f"create table bare_{table} (like {table} including all)")
    await admin.execute(
        f"""create table known_{table} as select row_number() over (order by {ROWS[table]})::int as n, {columns}
         from {table} where {SCANNED[table]}"""
    )
    await admin.execute(f"create index on known_{table} (n)")
    await admin.execute(f"vacuum (analyze) known_{table}")
    return f"insert into bare_{table} ({columns}) select {columns} from known_{table} where n > $1 and n <= $2 order by n"
