"""The matrix is checked: a policy that is dropped, and a check that is removed, are found by it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from dev.demo.stage import eventually
from dev.processes import free_port
from dev.stack import SERVICES, service_settings

from .. import looking
from .cast import NARROWED, PRINCIPALS, Cast
from .cells import Cell, Expected, matrix
from .test_database import misfits_of

pytestmark = pytest.mark.timeout(900)


@asynccontextmanager
async def policy_replaced(cast: Cast, table: str, policy: str) -> AsyncIterator[None]:
    """compliance's database with one policy that lets everything through, until the end of the block."""
    (was,) = await looking.rows(cast.stage.stack, "compliance", "select qual from pg_policies where policyname = $1", policy)
    await looking.rows(cast.stage.stack, "compliance", f"alter policy {policy} on {table} using (true)")
    try:
        yield
    finally:
        await looking.rows(cast.stage.stack, "compliance", f"alter policy {policy} on {table} using ({was['qual']})")


@asynccontextmanager
async def patched(cast: Cast, patch: str) -> AsyncIterator[httpx.AsyncClient]:
    """The API of compliance once more, on the same database, in a build that has gone through `patch` before it starts."""
    port, row = free_port(), next(one for one in SERVICES if one.name == "compliance")
    program = f"{patch}\nfrom chassis.cli import main\nfrom compliance.app import service\nmain(service)"
    env = {**os.environ, **service_settings(cast.stage.stack, row, port)}
    command = [sys.executable, "-c", program, "serve", "--only", "api"]
    process = await asyncio.create_subprocess_exec(*command, env=env, stderr=subprocess.DEVNULL)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            await eventually("the patched build", lambda: _ready(http))
            yield http
    finally:
        process.terminate()
        await process.wait()


async def _ready(http: httpx.AsyncClient) -> bool:
    with suppress(httpx.TransportError):
        return (await http.get("/readyz")).status_code == 200
    return False


async def found_by(cast: Cast, cells: list[Cell], http: httpx.AsyncClient | None = None) -> list[str]:
    """What these cells have to say."""
    return [said for cell in cells if (said := cell.misfit(await cell.ask(cast, http), cast))]


def of_compliance(fits: Callable[[Cell], bool]) -> list[Cell]:
    return [cell for cell in matrix() if cell.operation.service == "compliance" and cell.operation.method == "GET" and fits(cell)]


async def test_a_dropped_policy_is_found_in_the_answers_and_in_the_tables(cast: Cast) -> None:
    stranger, cells = PRINCIPALS["worksite stranger"], of_compliance(lambda cell: cell.who.name == "worksite stranger")
    assert await found_by(cast, cells) == [] == await misfits_of(cast, "compliance", stranger, [])
    async with policy_replaced(cast, "alert", "alert_partner"):
        answers, rows = await found_by(cast, cells), await misfits_of(cast, "compliance", stranger, [])
    assert any("listAlerts" in said for said in answers)
    assert any("getAlert" in said for said in answers)
    assert any("select rows of compliance.alert" in said for said in rows)


async def test_a_right_that_is_too_wide_is_found(cast: Cast) -> None:
    cells = of_compliance(lambda cell: cell.operation.name == "listScans")
    async with patched(cast, "from compliance import rights\nrights.RIGHTS['listScans'] = rights.RECORD") as http:
        said = await found_by(cast, cells, http)
    # Who is held back by a scope is so still.
    assert len(said) == sum(cell.expected is Expected.REFUSED and cell.who.name not in NARROWED for cell in cells) > 0


async def test_a_guard_that_is_taken_off_is_found(cast: Cast) -> None:
    cells = of_compliance(lambda cell: cell.expected is Expected.REFUSED)
    async with patched(cast, "") as http:
        assert await found_by(cast, cells, http) == []
    async with patched(
        cast, "from chassis import service\nfrom fastapi import Depends\nservice.guard = lambda _: Depends(lambda: 0)"
    ) as http:
        assert len(await found_by(cast, cells, http)) == len(cells)
