"""The portal's read model made from nothing, by a second portal that hears every event from the first on, against the live one."""

import asyncio
import hashlib
import os
import sys
from dataclasses import replace

import asyncpg
from dev.demo.stage import eventually
from dev.processes import free_port, launch, stop
from dev.stack import SERVICES, Stack, secrets_of, service_settings

from dev import postgres

from .. import looking
from .stack import PATCHED
from .verdict import Verdict

PORTAL = next(one for one in SERVICES if one.name == "portal")
SUFFIX = "-rebuilt"
DATABASE = "portal_rebuilt"
TABLES = (
    "person", "partner", "document_signature", "program", "enrollment", "course_progress", "milady_provisioning", "skill_entry",
    "hour_entry", "alert", "message", "sync_status", "audit_log", "access_grant",
)  # fmt: skip


async def compare(stack: Stack, verdict: Verdict) -> None:
    """Builds it, and adds to the verdict each table whose state hash differs. Nothing may be under way."""
    await _made(stack)
    settings = _settings(stack)
    await asyncio.to_thread(_run, stack, settings, "migrate")
    argv = [sys.executable, "-m", PORTAL.module, "serve", "--only", "consumers"]
    process = launch(argv, log=stack.log("portal-rebuilt"), env={**os.environ, **settings})
    try:
        await _caught_up(stack)
    finally:
        await asyncio.to_thread(stop, process)
    for table in TABLES:
        live, anew = await _state(_dsn(stack, "portal"), table), await _state(_dsn(stack, DATABASE), table)
        if live != anew:
            verdict.other.append(f"the portal's {table} made from nothing is {anew}, the live one is {live}")


def _dsn(stack: Stack, database: str) -> str:
    return postgres.dsn(stack.port("postgres"), password=secrets_of(stack).get("postgres"), database=database)


async def _made(stack: Stack) -> None:
    connection = await asyncpg.connect(_dsn(stack, "postgres"))
    try:
        await connection.execute(f"drop database if exists {DATABASE} with (force)")
        await connection.execute(f"create database {DATABASE}")
    finally:
        await connection.close()


def _settings(stack: Stack) -> dict[str, str]:
    """Those of the portal, but for a database and consumer groups of its own, past any proxy."""
    known = service_settings(stack, PORTAL, free_port())
    own = {"DATABASE_URL": _dsn(stack, DATABASE), "OWNER_DATABASE_URL": _dsn(stack, DATABASE), "KAFKA": stack.kafka, "TRACES": ""}
    return known | {f"CHAIRSIDE_{name}": value for name, value in own.items()} | {
        "PYTHONPATH": str(PATCHED), "CHAIRSIDE_GROUP_SUFFIX": SUFFIX, "CHAIRSIDE_FAULTS": "", "CHAIRSIDE_WITHOUT": "",
    }  # fmt: skip


def _run(stack: Stack, settings: dict[str, str], command: str) -> None:
    process = launch(
        [sys.executable, "-m", PORTAL.module, command], log=stack.log(f"portal-rebuilt-{command}"), env={**os.environ, **settings}
    )
    assert process.wait(120) == 0, stack.log(f"portal-rebuilt-{command}").read_text()


async def _caught_up(stack: Stack) -> None:
    own = [replace(group, name=group.name + SUFFIX) for group in looking.groups() if group.service == "portal"]
    async with looking.offsets(stack) as kafka:
        ends = await kafka.ends()

        async def applied() -> bool:
            return not await kafka.behind(ends, own)

        await eventually("the read model made from nothing", applied)


async def _state(dsn: str, table: str) -> str:
    """How many rows, and a hash of all that they hold, in an order of their own."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(f"select t::text as row from {table} t order by 1")
    finally:
        await connection.close()
    return f"{len(rows)} rows {hashlib.sha256(chr(10).join(row['row'] for row in rows).encode()).hexdigest()[:16]}"
