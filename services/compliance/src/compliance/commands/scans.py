"""Scans (SPEC 3.1, 3.3): a record says what is to be checked, and batch by batch, each a transaction of its own, it is.

A batch takes its students' ledgers first, and leaves in the record how far it came: whoever goes on after a crash begins behind it.
"""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction

from compliance.commands import closing, digests
from compliance.commands.checks import Check, Done, check
from compliance.domain.scans import check_slot, due_at, week_checked
from compliance.domain.years import check_kept
from compliance.queries import scans as queries
from compliance.queries import years

LOOKED_AT, BATCH = 8_000, 2_500
"""How many enrollments one transaction passes at most, and how many of them it judges, whose hours wait for it."""
CLAIM = """insert into scan (kind, zone, local_date, as_of, running) values (:kind, :zone, :day, :now, true)
 on conflict (kind, zone, local_date) do nothing returning *"""
FIND = "select * from scan where kind = :kind and zone = :zone and local_date = :day for update"
AGAIN = "update scan set running = true, upto = null, sofar = '{}' where scan_id = :id and not running"
TAKE = "select * from scan where scan_id = :id and running for update"
ADVANCE = """update scan set upto = :upto, sofar = cast(:sofar as jsonb) || jsonb_build_object('took_ms',
   coalesce((sofar ->> 'took_ms')::int, 0) + round(extract(epoch from clock_timestamp() - now()) * 1000)::int) where scan_id = :id"""
FINISH = """update scan set checked = :checked, raised = raised + :raised, risen = risen + :risen, superseded = superseded + :superseded,
   held = held + :held, counts = cast(:counts as jsonb), took_ms = took_ms + :took_ms, finished_at = :now where scan_id = :id"""
# A batch names its enrollments, so that every table is best read by its index, however many a plan expects; and it is too short for more.
# A plan that is kept for any list of them expects ten, and goes through the whole list again for each of the five thousand.
SHORT = """select set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true),
   set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)"""
STOP = "update scan set running = false, upto = null, sofar = '{}' where scan_id = :id"
DID = ("raised", "risen", "superseded", "held")
NUMBERS = ("checked", *DID, "took_ms")


async def start(tx: Transaction, kind: str, zone: str, day: date, now: datetime, *, again: bool = False) -> tuple[UUID, bool]:
    """Has the zone's enrollments checked as of that day. Gives the scan, and whether it is new.

    A slot's second run changes nothing; with `again` it is gone through anew, and takes in who came since.
    """
    slot = {"kind": kind, "zone": zone, "day": day}
    if made := await tx.first(CLAIM, {**slot, "now": now}):
        return made.scan_id, True
    before: Any = await tx.first(FIND, slot)
    if again:
        await tx.execute(AGAIN, {"id": before.scan_id})
    return before.scan_id, False


async def start_by_hand(tx: Transaction, kind: str, zone: str, day: date, now: datetime) -> tuple[UUID, bool]:
    """`start` for a slot that a person names, also one that ran before. Raises ZoneNotKnown, NotAScanDay, SlotNotDue or
    YearDetached.
    """
    check_slot(kind, zone, day, zones=await queries.zones(tx), now=now)
    check_kept(week_checked(kind, day), await years.all_detached(tx))
    scan_id, new = await start(tx, kind, zone, day, now, again=True)
    audit.record(tx, "scan.start", "scan", scan_id, after={"kind": kind, "zone": zone, "day": day})
    return scan_id, new


async def work_on(tx: Transaction, scan_id: UUID, now: datetime, milady_age: timedelta) -> bool:
    """The scan's next batch, or its end. Gives whether it is over."""
    scan = await tx.first(TAKE, {"id": scan_id})
    if scan is None:
        return True
    await tx.execute(SHORT)
    batch = await queries.look_on(tx, scan, LOOKED_AT, BATCH)
    if not batch.checked:
        await _end(tx, scan, now)
        return True
    await queries.lock_students(tx, batch.students)
    done = await judge(tx, scan, batch.ids, now, milady_age)
    await tx.execute(ADVANCE, {"id": scan_id, "upto": batch.upto, "sofar": json.dumps(_sum(scan.sofar, done, batch.checked))})
    return False


async def judge(tx: Transaction, scan: Any, ids: list[UUID], now: datetime, milady_age: timedelta) -> Done:
    """Does with these enrollments what the scan does. Their students' ledgers are locked."""
    if not ids:
        return Done()
    if scan.kind == "close":
        return await closing.close(tx, week_checked("close", scan.local_date), ids, now)
    return await check(tx, await check_of(tx, scan, milady_age), ids, now)


async def check_of(tx: Transaction, scan: Any, milady_age: timedelta) -> Check:
    """What the scan checks. Once the week's weekly check ran, a midweek one finds nothing more."""
    weekly_ran = scan.kind == "midweek" and await queries.weekly_ran(tx, scan.zone, scan.local_date)
    return Check(scan.scan_id, scan.kind, scan.local_date, due_at(scan.kind, scan.zone, scan.local_date) - milady_age, weekly_ran)


async def add_to(tx: Transaction, scan: Any, done: Done, now: datetime) -> None:
    """Adds what was checked again to the record: of a scan that runs to what it did so far, which its digests wait for."""
    if scan.running:
        await tx.execute(ADVANCE, {"id": scan.scan_id, "upto": scan.upto, "sofar": json.dumps(_sum(scan.sofar, done, 0))})
    elif done.raised or done.risen or done.superseded or done.held or done.counts:
        await add(tx, scan, {name: getattr(done, name) for name in (*DID, "counts")} | {"checked": scan.checked}, now)


async def add(tx: Transaction, scan: Any, did: Mapping[str, Any], now: datetime) -> None:
    """Adds to the scan's record what was done for it, sends its digests, and notes it."""
    numbers = {name: did.get(name, 0) for name in NUMBERS}
    counts = Counter(scan.counts) + Counter(did.get("counts", {}))
    await tx.execute(FINISH, numbers | {"id": scan.scan_id, "counts": json.dumps(counts), "now": now})
    await digests.send(tx, scan)
    slot = {"kind": scan.kind, "zone": scan.zone, "day": scan.local_date}
    audit.record(tx, "scan.run", "scan", scan.scan_id, after={**slot, **numbers, "counts": counts})


async def _end(tx: Transaction, scan: Any, now: datetime) -> None:
    """The first time through, or where something changed: a pass that changes nothing leaves the record as it was."""
    sofar = scan.sofar
    if scan.finished_at is None or any(sofar.get(name) for name in (*DID, "counts")):
        await add(tx, scan, sofar, now)
    await tx.execute(STOP, {"id": scan.scan_id})


def _sum(before: Mapping[str, Any], done: Done, checked: int) -> dict[str, Any]:
    numbers = {name: before.get(name, 0) + getattr(done, name) for name in DID}
    return numbers | {"checked": before.get("checked", 0) + checked, "counts": Counter(before.get("counts", {})) + done.counts}
