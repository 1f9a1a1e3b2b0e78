"""What row-level security costs the five hottest queries at a million rows: as their reader, and without a policy (SPEC 3.10).

Without a policy means: by a role that none binds, over views that say the same condition in their `where`, so that both give the same
rows. `--rows 1000000 --only compliance --plans docs/plans` writes how PostgreSQL ran each statement of both.
"""

import argparse
import importlib
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from _ground import Figure, main
from _school import fill, partner, student, unprotect
from chassis.database import Database, Transaction
from chassis.migrate import upgrade
from chassis.pagination import Paging
from chassis.principal import Principal
from dev.processes import free_port
from dev.testing import fresh_database
from sqlalchemy import event

from dev import postgres

ROUNDS, WARM, AT_LEAST, ENOUGH = 200, 6, 20, 40.0
"""How often each is run; of one that takes long fewer rounds are enough, once so many seconds have gone by."""
Statement = tuple[str, tuple[Any, ...]]
Read = Callable[[Transaction, Mapping[str, UUID]], Awaitable[Any]]
THEIRS = "array(select g.subject_id from public.access_grant g where g.viewer_id = {me} and g.active)"
ASSIGNED = f"student_id = any({THEIRS})"
FIRST = Paging(50, None)


@dataclass(frozen=True)
class Query:
    """What an operation reads; as whom, and what the policies of its tables say of their rows (`{me}`: the reader's id)."""

    operation: str
    service: str
    kind: str
    read: Read
    conditions: Mapping[str, str]


def _queries(module: str, room: str = "queries") -> Any:
    return importlib.import_module(f"{module}.{room}")


async def _alerts(tx: Transaction, _: Mapping[str, UUID]) -> Any:
    queries = _queries("compliance", "queries.alerts")
    return await queries.alerts(tx, queries.Filter(status="open"), "newest", FIRST)


async def _weeks(tx: Transaction, ids: Mapping[str, UUID]) -> Any:
    return await _queries("compliance", "queries.weeks").weeks_of(tx, ids["enrollment"], FIRST, datetime.now(UTC))


async def _entries(tx: Transaction, _: Mapping[str, UUID]) -> Any:
    queries = _queries("skills")
    return await queries.entries(tx, queries.Filter(), FIRST)


async def _standings(tx: Transaction, _: Mapping[str, UUID]) -> Any:
    return await _queries("portal", "queries.standings").standings(tx, datetime.now(UTC))


async def _enrollments(tx: Transaction, _: Mapping[str, UUID]) -> Any:
    return await _queries("onboarding").enrollments.enrollments(tx, None, None, FIRST)


async def _user(tx: Transaction, ids: Mapping[str, UUID]) -> Any:
    return await _queries("identity").user(tx, ids["student"])


RECORDS = dict.fromkeys(("enrollment", "course_progress", "milady_provisioning", "skill_entry", "hour_entry", "alert"), ASSIGNED)
PERSON = {"person": "user_id = any({me} || " + THEIRS + ")"}
QUERIES = [
    Query("listAlerts", "compliance", "partner", _alerts, {"alert": ASSIGNED}),
    Query("listWeeks", "compliance", "partner", _weeks, {"enrollment": ASSIGNED, "weekly_total": ASSIGNED}),
    Query("listEntries", "skills", "partner", _entries, {"entry": ASSIGNED}),
    Query("standings", "portal", "partner", _standings, RECORDS | PERSON),
    Query("listEnrollments", "onboarding", "partner", _enrollments, {"enrollment": ASSIGNED}),
    Query("getUser", "identity", "student", _user, dict.fromkeys(("user_account", "user_role"), "user_id = {me}")),
]
"""The five, and `listEnrollments`, whose million rows are a million students."""


@asynccontextmanager
async def acting(database: Database, kind: str, me: UUID) -> AsyncIterator[Transaction]:
    """A transaction as that principal; as `plain` one over the views."""
    async with database.transaction(Principal(kind, me)) as tx:
        if kind == "plain":
            await tx.execute("set local search_path = plain, public")
        yield tx


async def statements(database: Database, query: Query, ids: Mapping[str, UUID]) -> list[Statement]:
    """What the operation's query sends, as the driver gets it."""
    sent: list[Statement] = []

    def keep(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        sent.append((statement, tuple(parameters)))

    async with acting(database, query.kind, ids["me"]) as tx:
        event.listen(database.engine.sync_engine, "before_cursor_execute", keep)
        await query.read(tx, ids)
        event.remove(database.engine.sync_engine, "before_cursor_execute", keep)
    return sent


async def timed(tx: Transaction, sent: list[Statement]) -> tuple[float, list[Any]]:
    """Seconds that the statements take one after the other, and their rows."""
    started = time.perf_counter()
    found = [await tx.raw.fetch(statement, *parameters) for statement, parameters in sent]
    return time.perf_counter() - started, found


async def explained(tx: Transaction, sent: list[Statement]) -> str:
    """How PostgreSQL runs each statement."""
    plans = []
    for statement, parameters in sent:
        rows = await tx.raw.fetch(f"explain (analyze, buffers, costs off, timing off) {statement}", *parameters)
        plans.append("\n".join(row[0] for row in rows))
    return "\n\n".join(plans)


async def measure(database: Database, query: Query, ids: Mapping[str, UUID]) -> tuple[float, float, str, str]:
    """Medians in ms as the reader and without a policy, and how each is run. Raises where they give different rows."""
    sent, kinds = await statements(database, query, ids), (query.kind, "plain")
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    async with AsyncExitStack() as stack:
        both = {kind: await stack.enter_async_context(acting(database, kind, ids["me"])) for kind in kinds}
        rows = [(await timed(both[kind], sent))[1] for kind in kinds]
        if rows[0] != rows[1] or not any(rows[0]):
            raise RuntimeError(f"{query.operation}: the policy and its condition give different rows, or none")
        until = time.perf_counter() + ENOUGH
        for number in range(WARM + ROUNDS):
            if number > WARM + AT_LEAST and time.perf_counter() > until:
                break
            for kind in kinds if number % 2 else kinds[::-1]:
                seconds = (await timed(both[kind], sent))[0]
                if number >= WARM:
                    took[kind].append(seconds * 1000)
        plans = [await explained(both[kind], sent) for kind in kinds]
    policy, plain = (statistics.median(took[kind]) for kind in kinds)
    return policy, plain, plans[0], plans[1]


async def ids_of(admin: asyncpg.Connection, query: Query) -> dict[str, UUID]:
    """The reader, a student of theirs and that student's enrollment."""
    me = partner("7") if query.kind == "partner" else student("7")
    enrollment = "md5('enrollment ' || 7)::uuid"
    found = await admin.fetchrow(f"select {me} as me, {student('7')} as student, {enrollment} as enrollment")
    return dict(found)


async def run(rows: int, only: str, plans: Path | None) -> list[Figure]:
    """One server, and a database for each service."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="chairside-bench-") as name, ExitStack() as stack:
        dsn = stack.enter_context(postgres.running(Path(name) / "postgres", free_port(), durable=False))
        for service in dict.fromkeys(query.service for query in QUERIES if only in query.service):
            figures += await of_service(dsn, service, rows, plans)
    return figures


async def of_service(dsn: str, service: str, rows: int, plans: Path | None) -> list[Figure]:
    """The queries of one service, over one database."""
    queries, made = [query for query in QUERIES if query.service == service], await fresh_database(dsn, service)
    await upgrade(service, service, made.owner_url)
    admin = await asyncpg.connect(made.admin_url)
    await fill(admin, service, rows)
    ids = {query.operation: await ids_of(admin, query) for query in queries}
    conditions = {
        table: condition.replace("{me}", f"'{ids[query.operation]['me']}'::uuid")
        for query in queries
        for table, condition in query.conditions.items()
    }
    await unprotect(admin, service, conditions)
    await admin.close()
    database = Database(made.login_url, service, pool_size=2)
    figures = [figure_of(query, rows, await measure(database, query, ids[query.operation]), plans) for query in queries]
    await database.close()
    return figures


def figure_of(query: Query, rows: int, measured: tuple[float, float, str, str], plans: Path | None) -> Figure:
    """The line of the table; writes the plans where `plans` says."""
    policy, plain, with_policy, without = measured
    said = f"{policy / plain:.2f} x without a policy ({plain:.2f} ms)"
    if walked := sorted(set(re.findall(r"Seq Scan on (\w+)", with_policy)) - {"program"}):
        said += f", walks through {', '.join(walked)}"
    if plans:
        head = f"{query.operation} ({query.service}) as {query.kind}, {rows:,} rows: median {policy:.2f} ms, {said}"
        parts = (head, "With row-level security", with_policy, "Without a policy, over the same rows", without)
        (plans / f"{query.operation}.txt").write_text("\n\n".join(parts) + "\n")
    return Figure(f"{query.operation} of a {query.kind}", f"{policy:.2f} ms", said)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", default="", help="services whose name holds this")
    parser.add_argument("--plans", type=Path)
    given, sys.argv[1:] = parser.parse_known_args()
    main("plans: row-level security", lambda: run(given.rows, given.only, given.plans))
