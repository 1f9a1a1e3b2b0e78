"""Transactions that act as somebody: each takes the database role of its principal's kind, so that row-level security holds."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Executable, text
from sqlalchemy.engine import CursorResult, Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from chassis.principal import NO_CALLER, SYSTEM, Caller, Principal
from chassis.schema import role
from chassis.telemetry import current_trace_id

BEGIN_AS = "begin; select set_config('role', '{role}', true), set_config('app.user_id', '{user}', true)"
TIMEOUTS = {"lock_timeout": "10s", "statement_timeout": "60s", "idle_in_transaction_session_timeout": "60s"}
NOTIFY_AT_MOST_EVERY = 0.04
TRANSIENT_CLASSES = ("08", "40", "53", "55", "57", "58")
"""SQLSTATE classes that pass by themselves: connection, serialization and deadlock, resources, locks, shutdown, system."""
UNKEEPABLE = frozenset(("22021", "22P05"))
"""SQLSTATEs of a text with a character that no text, or no JSON, can have here."""

DISK_FULL, FULL_FOR = "53100", 60.0

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Statement = Executable | str


@dataclass
class Transaction:
    """One database transaction in the name of one principal. What it publishes and audits is written at its end, in one round trip.

    Commands take it as their first argument and never commit. Lock the aggregate's row before you publish about it:
    the outbox id is drawn at the end, under that lock, and keeps the order of the key.
    `causes`: the traces of the events that a handler of sets was given, by key; no one of them alone is under way.
    """

    connection: AsyncConnection
    raw: asyncpg.Connection
    principal: Principal = SYSTEM
    caller: Caller = NO_CALLER
    service: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    audits: list[dict[str, Any]] = field(default_factory=list)
    disclosed: set[UUID] = field(default_factory=set)
    answer: tuple[Any, ...] | None = None
    causes: dict[str, Any] = field(default_factory=dict)

    async def execute(self, statement: Statement, parameters: Parameters | None = None) -> CursorResult[Any]:
        """Runs a Core statement, or SQL text with `:names`."""
        return await self.connection.execute(text(statement) if isinstance(statement, str) else statement, parameters)

    async def all(self, statement: Statement, parameters: Parameters | None = None) -> Sequence[Row[Any]]:
        """Every row."""
        return (await self.execute(statement, parameters)).all()

    async def first(self, statement: Statement, parameters: Parameters | None = None) -> Row[Any] | None:
        """The first row, or None."""
        return (await self.execute(statement, parameters)).first()

    async def scalar(self, statement: Statement, parameters: Parameters | None = None) -> Any:
        """The first column of the first row, or None."""
        return (await self.execute(statement, parameters)).scalar()

    async def driver(self) -> asyncpg.Connection:
        """asyncpg's own connection inside this transaction, for hot statements over arrays."""
        return self.raw


class Database:
    """The pool of one service's login role, which owns nothing and sees nothing before a transaction acts as somebody."""

    def __init__(self, url: str, service: str, *, pool_size: int = 10) -> None:
        self.service = service
        self.url = url
        self.engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            isolation_level="AUTOCOMMIT",
            max_overflow=0,
            pool_timeout=10,
            connect_args={"timeout": 5, "server_settings": {"application_name": f"chairside-{service}", **TIMEOUTS}},
        )
        self.published = asyncio.Event()
        self.relay_is_here = False
        self._notified = 0.0
        self._full_at: float | None = None

    @property
    def full(self) -> bool:
        """Whether a write failed lately because the volume is full, and none has succeeded since."""
        return self._full_at is not None and time.monotonic() - self._full_at < FULL_FOR

    @asynccontextmanager
    async def transaction(self, principal: Principal = SYSTEM, caller: Caller = NO_CALLER) -> AsyncIterator[Transaction]:
        """A transaction acting as `principal`; commits at the end of the block, rolls back on any exception.

        SQLAlchemy is told to leave transactions alone: BEGIN and acting-as go out together, in one round trip.
        Raises whatever the database raises; `is_transient` tells what may be tried again.
        """
        async with self.engine.connect() as connection:
            driver = await self._living(connection)
            tx = Transaction(connection, driver, principal, caller, self.service)
            try:
                await driver.execute(BEGIN_AS.format(role=role(self.service, principal.kind), user=principal.id or ""))
                yield tx
                await self.finish(tx)
            except BaseException as error:
                if sqlstate_of(error) == DISK_FULL:
                    self._full_at = time.monotonic()
                await asyncio.shield(self._abandon(connection, driver))
                raise

    async def _living(self, connection: AsyncConnection) -> asyncpg.Connection:
        """The driver's connection; one that died in the pool is replaced, so that a restarted server costs nobody a request."""
        driver = (await connection.get_raw_connection()).driver_connection
        while driver is None or driver.is_closed():
            await connection.invalidate()
            driver = (await connection.get_raw_connection()).driver_connection
        return driver

    async def _abandon(self, connection: AsyncConnection, driver: asyncpg.Connection) -> None:
        """Rolls back; a connection that cannot even do that leaves the pool."""
        try:
            await driver.execute("rollback", timeout=5)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            driver.terminate()
            await connection.invalidate()

    async def finish(self, tx: Transaction) -> None:
        """Writes what the transaction published, audited, disclosed and answered, commits, and wakes the relay."""
        wrote = bool(tx.events or tx.audits or tx.disclosed or tx.answer)
        if wrote:
            await write_pending(tx, notify=self._notify_due(tx))
        await tx.raw.execute("commit")
        if wrote:
            self._full_at = None
        if tx.events:
            self.published.set()

    def _notify_due(self, tx: Transaction) -> bool:
        """A NOTIFY takes a lock over the whole server: only where the relay is elsewhere, and only some tens a second."""
        now = time.monotonic()
        if self.relay_is_here or not tx.events or now - self._notified < NOTIFY_AT_MOST_EVERY:
            return False
        self._notified = now
        return True

    async def close(self) -> None:
        """Gives all connections back."""
        await self.engine.dispose()


OUTBOX_SQL = """o as (insert into outbox (message_id, topic, key, schema_uri, value, traceparent)
 select message_id, topic, key, schema_uri, value, traceparent
   from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
   with ordinality as t (message_id, topic, key, schema_uri, value, traceparent, n) order by n)"""
OUTBOX_COLUMNS = ("message_id", "topic", "key", "schema_uri", "value", "traceparent")
AUDIT_COLUMNS = (
    "actor", "actor_kind", "action", "object_type", "object_id", "subject_id",
    "ip", "user_agent", "request_id", "trace_id", "before", "after",
)  # fmt: skip
DISCLOSED = "reader_id, operation, student_ids, ip, user_agent, request_id, trace_id"
ANSWER_COLUMNS = "key_hash, principal, operation, request_hash, status, headers, body"
AUDIT_TYPES = ("text", "text", "text", "text", "text", "uuid", "text", "text", "text", "text", "text", "text")


def _audit_sql(first: int) -> str:
    arrays = ", ".join(f"${first + i}::{kind}[]" for i, kind in enumerate(AUDIT_TYPES))
    columns = ", ".join(AUDIT_COLUMNS)
    values = columns.replace("before, after", "before::jsonb, after::jsonb")
    return f"""a as (insert into audit_entry ({columns}) select {values}
 from unnest({arrays}) with ordinality as t ({columns}, n) order by n)"""


def _disclosure(tx: Transaction) -> tuple[Any, ...] | None:
    if not tx.disclosed:
        return None
    asked = tx.caller
    about = (asked.ip, asked.user_agent, asked.request_id, current_trace_id())
    return (tx.principal.id, asked.operation or "unknown", sorted(tx.disclosed), *about)


async def write_pending(tx: Transaction, *, notify: bool) -> None:
    """Outbox rows, audit rows, the row of disclosures and the kept answer of the transaction, in one statement."""
    parts: list[str] = []
    arguments: list[Any] = []
    if tx.events:
        parts.append(OUTBOX_SQL)
        arguments += [[event[column] for event in tx.events] for column in OUTBOX_COLUMNS]
    if tx.audits:
        parts.append(_audit_sql(len(arguments) + 1))
        arguments += [[audit[column] for audit in tx.audits] for column in AUDIT_COLUMNS]
    for name, into, row in (("k", f"idempotency_key ({ANSWER_COLUMNS})", tx.answer), ("d", f"disclosure ({DISCLOSED})", _disclosure(tx))):
        if row:
            places = ", ".join(f"${len(arguments) + 1 + number}" for number in range(len(row)))
            parts.append(f"{name} as (insert into {into} values ({places}))")
            arguments += row
    tail = " select pg_notify('outbox', '')" if notify else " select 1"
    await tx.raw.execute("with " + ",\n".join(parts) + tail, *arguments)


def sqlstate_of(error: BaseException) -> str | None:
    """PostgreSQL's code of the error, whoever wrapped it; None for an error that is not PostgreSQL's."""
    state: str | None = getattr(getattr(error, "orig", error), "sqlstate", None)
    return state


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed when it is tried again, because the fault lies outside it and passes."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        return error.connection_invalidated or (state[:2] in TRANSIENT_CLASSES if state else False) or is_transient_cause(error)
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in TRANSIENT_CLASSES
    # InternalClientError: the server has said goodbye (it crashed, or was told to stop) and the connection is about to be lost.
    passing = OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError
    return isinstance(error, passing) or is_transient_cause(error)


def is_unkeepable(error: BaseException) -> bool:
    """Whether PostgreSQL refused a text for a character that it cannot keep: NUL, as text or as JSON."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) in UNKEEPABLE


def is_transient_cause(error: BaseException) -> bool:
    """Looks one step behind a wrapped error."""
    cause = error.__cause__ or error.__context__
    return cause is not None and cause is not error and not isinstance(cause, DBAPIError) and is_transient(cause)
