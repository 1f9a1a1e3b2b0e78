"""Events into the read model: one statement for a batch of one topic; an older state never overwrites a newer, whatever comes first."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from contracts.event import Event
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

CHANNEL = "changed"
PAYLOAD_AT_MOST = 7000
"""PostgreSQL takes 8,000 bytes; a change that touches more people than fit is told to everyone."""


@cache
def _upsert_sql(table: Table, newer: str, facts: tuple[str, ...], touched: str) -> str:
    """Inserts rows given as JSON; of two states of one thing the newer by `newer` stays. `facts` any event fills, also an older one."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    names = [column.name for column in table.columns]
    kinds = ", ".join(f"{column.name} {column.type.compile(dialect)}" for column in table.columns)
    keys = [column.name for column in table.primary_key]
    told = [f"{name} = {_told(table.name, name, newer, facts)}" for name in names if name not in keys]
    unless_older = "" if facts else f" where {table.name}.{newer} < excluded.{newer}"
    return f"""insert into {table.name} ({", ".join(names)}) select {", ".join(names)}
        from jsonb_to_recordset(cast(:rows as jsonb)) as given ({kinds}) order by {", ".join(keys)}
        on conflict ({", ".join(keys)}) do update set {", ".join(told)}{unless_older} returning {touched}"""


def _told(table: str, column: str, newer: str, facts: tuple[str, ...]) -> str:
    if column in facts:
        return f"coalesce({table}.{column}, excluded.{column})"
    if facts:
        return f"case when {table}.{newer} < excluded.{newer} then excluded.{column} else {table}.{column} end"
    return f"excluded.{column}"


async def upsert(
    tx: Transaction,
    table: Table,
    events: Sequence[Event],
    *,
    touched: str,
    newer: str = "revision",
    facts: tuple[str, ...] = (),
    more: Mapping[str, Any] | None = None,
) -> set[UUID]:
    """Stores what `events` say of their aggregates, with `more` columns the same for all. Returns `touched` of each row that changed."""
    keys = [column.name for column in table.primary_key]
    newest: dict[tuple[Any, ...], Event] = {}
    for event in events:
        key = tuple(getattr(event, name) for name in keys)
        if key not in newest or getattr(newest[key], newer) <= getattr(event, newer):
            newest[key] = event
    rows = [event.model_dump(mode="json") | dict(more or {}) for event in newest.values()]
    found = await tx.all(_upsert_sql(table, newer, facts, touched), {"rows": json.dumps(rows)})
    return {row[0] for row in found}


async def tell(tx: Transaction, group: str, people: set[UUID] | None) -> None:
    """Notifies every portal process, when `tx` commits, that rows of these people changed (None: rows that concern everyone)."""
    if people is not None and not people:
        return
    payload = json.dumps({group: sorted(str(each) for each in people)} if people is not None else {group: None})
    if len(payload) > PAYLOAD_AT_MOST:
        payload = json.dumps({group: None})
    await tx.execute("select pg_notify(:channel, :payload)", {"channel": CHANNEL, "payload": payload})
