"""What PostgreSQL itself gives and refuses, table by table: the application may forget, the database does not (SPEC 3.10)."""

import pytest
from dev.stack import SERVICES

from .cast import BROKEN, NARROWED, PRINCIPALS, Cast, Principal
from .tables import (
    EMPTY,
    LOGIN,
    SHARED,
    UNSET,
    VERBS,
    Acting,
    Table,
    acting,
    owned,
    related,
    tables,
    touch,
    unprotected,
)  # fmt: skip

pytestmark = pytest.mark.timeout(900)
EVERY = pytest.mark.parametrize("service", [one.name for one in SERVICES])
PEOPLE = [who for name, who in PRINCIPALS.items() if name not in (*BROKEN, *NARROWED)]


@EVERY
async def test_a_table_is_protected_or_named_with_the_reason_why_not(cast: Cast, service: str) -> None:
    found = await tables(cast, service)
    assert {table.name for table in found if not table.protected and not table.is_view} == unprotected(service).keys()


@EVERY
@pytest.mark.parametrize("who", [*PEOPLE, UNSET, LOGIN], ids=lambda who: who.name)
async def test_the_database_shows_and_changes_what_is_in_reach_and_nothing_else(
    cast: Cast, count: list[int], service: str, who: Principal
) -> None:
    assert await misfits_of(cast, service, who, count) == []


@EVERY
async def test_what_a_connection_was_used_for_before_leaves_no_trace(cast: Cast, count: list[int], service: str) -> None:
    async with acting(cast, service) as login:
        for before in ("admin", "student"):
            for who in (PRINCIPALS["other student"], UNSET, LOGIN):
                async with login.as_(PRINCIPALS[before].kind, cast.people[before].id) as connection:
                    await connection.fetch("select acting_user()")
                wrong = [said for table in await _theirs(cast, service) for said in await _misfits(cast, login, table, who, count)]
                assert wrong == [], f"after {before}"


async def misfits_of(cast: Cast, service: str, who: Principal, count: list[int]) -> list[str]:
    """What the principal finds in a service's database, and should not; or does not find, and should."""
    async with acting(cast, service) as login:
        return [said for table in await _theirs(cast, service) for said in await _misfits(cast, login, table, who, count)]


async def _theirs(cast: Cast, service: str) -> list[Table]:
    """The tables and views that hold somebody's rows."""
    return [table for table in await tables(cast, service) if table.whose and table.name not in unprotected(service)]


async def _misfits(cast: Cast, login: Acting, table: Table, who: Principal, count: list[int]) -> list[str]:
    owner, row = await owned(cast, table)
    if row is None:
        assert table.name in EMPTY.get(table.service, ()), f"{table.service}.{table.name}: have the cast make a row of the student in it"
        return []
    wrong = []
    for verb in VERBS[:1] if table.is_view else VERBS:
        async with login.as_(who.kind, cast.people[who.name].id if who.name in cast.people else None) as connection:
            readable = verb == "select" and await connection.fetchval("select has_any_column_privilege($1, 'select')", table.name)
            touched = await touch(connection, table, verb, owner, row)
        count.append(1)
        shared = readable and (table.service, table.name) in SHARED
        if touched and (verb == "delete" or not related(table, who, verb)) and not shared:
            wrong.append(f"{who.name} can {verb} rows of {table.service}.{table.name} that are out of reach")
        if readable and related(table, who, verb) and not touched:
            wrong.append(f"{who.name} does not see the rows of {table.service}.{table.name} that are in reach")
    return wrong
