"""Working off files of hours, one chunk after the other, for as long as the process lives (SPEC 3.2)."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import structlog
from chassis.database import Database, Transaction, is_transient
from chassis.principal import Principal
from chassis.schedule import Job, Slot
from chassis.service import Context

from compliance.commands import imports as commands

log = structlog.get_logger()
IDLE = 0.5
DUE = """select import_id, requested_by, kind, roles, client, mode, state from hour_import where state in ('waiting', 'checking', 'working')
 order by import_id for update skip locked limit 1"""
OVER = """delete from hour_import where finished_at < now() - interval '30 days'
 or state = 'receiving' and started_at < now() - interval '1 day'"""
FORGET_ROWS = "delete from hour_import_row where import_id = :id"


async def work_off(context: Context[Any]) -> None:
    """Takes what is due, the oldest first. Several processes may do it: each import is one's at a time, and goes on where it was."""
    while True:
        try:
            busy = await round_of(context.database)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("imports wait", because=repr(error))
            busy = False
        if not busy:
            await asyncio.sleep(IDLE)


async def round_of(database: Database) -> bool:
    """One step of one import; gives whether there was any."""
    async with database.transaction() as tx:
        due = await tx.first(DUE)
    if due is None:
        return False
    who = Principal(due.kind, due.requested_by, frozenset(due.roles), client=due.client)
    try:
        over = await _step(database, who, due)
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("import failed", import_id=str(due.import_id))
        async with database.transaction() as tx:
            failed = "update hour_import set state = 'failed', finished_at = :now where import_id = :id"
            await tx.execute(failed, {"id": due.import_id, "now": datetime.now(UTC)})
        over = True
    if over:
        async with database.transaction() as tx:
            await tx.execute(FORGET_ROWS, {"id": due.import_id})
    return True


async def _step(database: Database, who: Principal, due: Any) -> bool:
    """Whether the import is over."""
    now = datetime.now(UTC)
    try:
        async with database.transaction(who) as tx:
            if (found := await commands.claim(tx, due.import_id)) is None:
                return False
            step = _step_of(found)
            await step(tx, found, now)
    except commands.SomethingRefused as refused:
        async with database.transaction(who) as tx:
            await commands.refuse(tx, found, refused.outcomes, now)
    async with database.transaction() as tx:
        over = "select finished_at is not null from hour_import where import_id = :id"
        return bool(await tx.scalar(over, {"id": due.import_id}))


def _step_of(found: Any) -> Any:
    if found.mode == "partial":
        return commands.work_chunk
    return commands.work_whole if found.state == "working" else commands.check_chunk


async def _forget(tx: Transaction, _: Slot) -> None:
    await tx.execute(OVER)


FORGET = Job("forget-imports", "40 4 * * *", _forget)
"""Drops imports that were over a month ago, and files of which only a part came."""
