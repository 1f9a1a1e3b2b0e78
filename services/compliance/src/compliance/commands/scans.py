"""Scans (SPEC 3.1, 3.3): one evaluation of a zone's enrollments, the alerts it finds due, and one digest to each partner."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.alerts import Explanation
from contracts.messages import MessageRequested

from compliance.commands import alerts, ledger
from compliance.commands.alerts import Due
from compliance.domain.alerts import ALERT_TYPE, SUPERSEDED, Finding, Kind, Progress, judge, step
from compliance.domain.scans import check_slot
from compliance.domain.weeks import week_of
from compliance.queries import alerts as reading
from compliance.queries import scans as queries

CLAIM = """insert into scan (kind, zone, local_date, as_of) values (:kind, :zone, :day, :now)
 on conflict (kind, zone, local_date) do nothing returning scan_id"""
FIND = "select * from scan where kind = :kind and zone = :zone and local_date = :day for update"
FINISH = """update scan set checked = :checked, raised = raised + :raised, risen = risen + :risen, superseded = superseded + :superseded,
   finished_at = :now where scan_id = :id returning *"""
PARTNERS = """select distinct viewer_id, subject_id from access_grant where active and subject_id = any(:ids) order by viewer_id"""
TOLD = ("alert_id", "student_id", "enrollment_id", "program_id", "alert_type", "severity", "message")


async def scan(tx: Transaction, kind: Kind, zone: str, day: date, now: datetime, *, again: bool = False) -> tuple[Any, bool]:
    """Checks the zone's enrollments as of that day. Gives the scan's row and whether it did anything now.

    A slot's second run changes nothing; with `again` it looks anew and takes in who came since (an enrollment that was entered late).
    """
    slot = {"kind": kind, "zone": zone, "day": day}
    scan_id = await tx.scalar(CLAIM, {**slot, "now": now})
    before = await tx.first(FIND, slot) if scan_id is None else None
    if before and not again:
        return before, False
    scan_id = before.scan_id if before else scan_id
    await queries.lock_zone(tx, zone, day)
    checked = await queries.progress(tx, kind, zone, day)
    due, midweek = await _due(tx, kind, day, checked)
    raised = await alerts.raise_alerts(tx, [each for each in due if each.alert_id is None], now)
    risen = await alerts.rise(tx, [each for each in due if each.alert_id])
    superseded = await alerts.resolve(tx, midweek, SUPERSEDED, now)
    if before and not (raised or risen or superseded):
        return before, False
    if changed := {each.student_id for each in due}:
        await ledger.bump(tx, changed)
    await _send_digests(tx, scan_id, slot, [*raised, *risen])
    counts = {"checked": len(checked), "raised": len(raised), "risen": len(risen), "superseded": superseded}
    audit.record(tx, "scan.run", "scan", scan_id, after={**slot, **counts})
    return await tx.first(FINISH, {"id": scan_id, "now": now, **counts}), True


async def scan_by_hand(tx: Transaction, kind: Kind, zone: str, day: date, now: datetime) -> tuple[Any, bool]:
    """`scan` for a slot that a person names, also one that ran before. Raises ZoneNotKnown, NotAScanDay or SlotNotDue."""
    check_slot(kind, zone, day, zones=await queries.zones(tx), now=now)
    return await scan(tx, kind, zone, day, now, again=True)


async def _due(tx: Transaction, kind: Kind, day: date, checked: Sequence[Any]) -> tuple[list[Due], list[UUID]]:
    """The alerts to raise or to let rise, and the midweek alerts that the weekly check supersedes."""
    found: list[tuple[Any, Progress, Finding]] = []
    midweek: list[UUID] = []
    for row in checked:
        progress = _progress(row, day)
        finding = judge(kind, progress)
        if finding is None:
            continue
        if kind == "weekly" and row.midweek_id:
            midweek.append(row.midweek_id)
        if row.status != "resolved" and step(row.severity, finding) != "stay":
            found.append((row, progress, finding))
    ids = [row.enrollment_id for row, _, _ in found]
    counted = await reading.counted_entries(tx, ids, week_of(day), day)
    fresh = await reading.data_as_of(tx, ids)
    due = [
        Due(
            row.enrollment_id, row.student_id, row.program_id, ALERT_TYPE[kind], progress.week_start, finding.severity, finding.message,
            _explanation(progress, finding, counted.get(row.enrollment_id, []), fresh.get(row.enrollment_id)), row.alert_id,
        )
        for row, progress, finding in found
    ]  # fmt: skip
    return due, midweek


def _progress(row: Any, day: date) -> Progress:
    return Progress(
        week_of(day), day, row.started_on, row.ended_on, row.required_minutes_per_week, row.inactivity_days_threshold, row.logged,
        row.week_minutes, row.last_activity_on, (row.one_before, row.two_before),
    )  # fmt: skip


def _explanation(progress: Progress, finding: Finding, counted: list[dict[str, Any]], as_of: datetime | None) -> Explanation:
    return Explanation.model_validate(
        {
            "rule": finding.rule,
            "required_minutes": progress.required_minutes,
            "target_minutes": progress.target(),
            "logged_minutes": progress.logged,
            "idle_days": progress.idle_days,
            "last_activity_on": progress.last_activity_on,
            "checked_on": progress.checked_on,
            "data_as_of": as_of,
            "counted": counted,
        }
    )


async def _send_digests(tx: Transaction, scan_id: UUID, slot: dict[str, Any], rows: Sequence[Any]) -> None:
    """One message to each partner who sees a student with an alert that is new or has risen; nobody is told of nothing (SPEC 3.9)."""
    seen_by: dict[UUID, set[UUID]] = defaultdict(set)
    for grant in await tx.all(PARTNERS, {"ids": [row.student_id for row in rows]}) if rows else ():
        seen_by[grant.viewer_id].add(grant.subject_id)
    about = {"scan": slot["kind"], "date": slot["day"].isoformat(), "zone": slot["zone"]}
    for partner_id, students in seen_by.items():
        theirs = [row for row in rows if row.student_id in students]
        told = [{name: str(getattr(row, name)) for name in TOLD} for row in theirs]
        message_id = uuid5(scan_id, f"{partner_id} {sorted(f'{row.alert_id}/{row.revision}' for row in theirs)}")
        publish(
            tx,
            MessageRequested(
                revision=1, message_id=message_id, recipient_id=partner_id, kind="alerts-digest", data={**about, "alerts": told}
            ),
        )
