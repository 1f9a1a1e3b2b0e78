"""Sync runs: which enrollments a run reads, and when it has ended (SPEC 3.4)."""

from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.milady import SyncFinished, SyncRequested

from milady_sync import domain, queries

SCOPE = {"all": "true", "program": "e.program_id = :scope_id", "enrollment": "e.enrollment_id = :scope_id"}
PLACES = """select e.enrollment_id, e.student_id from enrollment e join provisioning p using (enrollment_id)
 where e.status = 'active' and p.state = 'provisioned' and {scope}"""
OVERDUE = "6 hours"


async def authorise(tx: Transaction, scope_kind: str, scope_id: UUID | None) -> None:
    """Refuses a scope that the principal has no say in, with a reason where they may see it, or that holds nothing to read yet."""
    admin = tx.principal.kind == "admin"
    if scope_kind == "all" and not admin:
        raise domain.SyncAllNeedsAdmin("Only an administrator may sync everything. Name your program or one enrollment.")
    if scope_kind == "program":
        owner = await tx.scalar("select partner_id from program where program_id = :id", {"id": scope_id})
        if owner is None or not (admin or owner == tx.principal.user_id):
            raise domain.ProgramNotFound("There is no such program among yours. Check the id.")
    if scope_kind == "enrollment" and scope_id:
        found = await queries.enrollment(tx, scope_id)
        if found.status != "active":
            raise domain.EnrollmentEnded("This enrollment has ended, so it is not synced any more.")
        if found.state != "provisioned":
            raise domain.NotProvisioned("This student has no courses on Milady yet. Wait until the account is set up, then sync.")


async def start(tx: Transaction, scope_kind: str, scope_id: UUID | None = None) -> Any:
    """Writes a run and one work item for each enrollment of its scope that the principal sees. Raises NothingToSync; gives the run."""
    places = await tx.all(PLACES.format(scope=SCOPE[scope_kind]), {"scope_id": scope_id} if scope_id else None)
    if not places:
        raise domain.NothingToSync("None of these students has courses on Milady yet. Wait until the accounts are set up, then sync.")
    made = await tx.execute(
        "insert into sync (scope_kind, scope_id, total, requested_by) values (:kind, :id, :total, :by) returning *",
        {"kind": scope_kind, "id": scope_id, "total": len(places), "by": tx.principal.id},
    )
    run = made.one()
    await tx.execute(
        "insert into sync_item (sync_id, enrollment_id, student_id) values (:sync_id, :enrollment_id, :student_id)",
        [{"sync_id": run.sync_id, **place._mapping} for place in places],
    )
    for place in places:
        publish(tx, SyncRequested(revision=1, sync_id=run.sync_id, enrollment_id=place.enrollment_id))
    audit.record(tx, "sync.start", "sync", run.sync_id, after={"scope": scope_of(run), "total": len(places)})
    return run


def scope_of(run: Any) -> str:
    """The scope as events and audit entries write it: `all`, `program:<id>` or `enrollment:<id>`."""
    return f"{run.scope_kind}:{run.scope_id}" if run.scope_id else str(run.scope_kind)


async def end_item(tx: Transaction, sync_id: UUID, enrollment_id: UUID, *, changed: int = 0, reason: str | None = None) -> None:
    """Counts one enrollment of a run as ended, once; `reason` says why it failed. The last one finishes the run."""
    ended = await tx.first(
        """update sync_item set state = case when cast(:reason as text) is null then 'done' else 'failed' end, reason = :reason
           where sync_id = :sync_id and enrollment_id = :enrollment_id and state = 'pending' returning true""",
        {"sync_id": sync_id, "enrollment_id": enrollment_id, "reason": reason},
    )
    if ended:
        await _count(tx, sync_id, ended=1, failed=1 if reason else 0, changed=changed)


async def end_overdue(tx: Transaction) -> None:
    """Ends runs some of whose items never came back, so that nobody waits for them for ever."""
    overdue = await tx.all(
        f"select sync_id from sync where state = 'running' and as_of < now() - interval '{OVERDUE}' for update skip locked"
    )
    for run in overdue:
        lost = await tx.execute(
            "update sync_item set state = 'failed', reason = 'It was not read in time.' where sync_id = :id and state = 'pending'",
            {"id": run.sync_id},
        )
        await _count(tx, run.sync_id, ended=lost.rowcount, failed=lost.rowcount, changed=0)


async def _count(tx: Transaction, sync_id: UUID, *, ended: int, failed: int, changed: int) -> None:
    """Under the run's row lock, so that of two workers that end the last items one sees them all."""
    run = await tx.first(
        """update sync set done = done + :ended, failed = failed + :failed, entries_changed = entries_changed + :changed,
             state = case when done + :ended = total then 'finished' else state end,
             finished_at = case when done + :ended = total then now() end
           where sync_id = :id returning *""",
        {"id": sync_id, "ended": ended, "failed": failed, "changed": changed},
    )
    if run and run.state == "finished":
        await _finished(tx, run)


async def _finished(tx: Transaction, run: Any) -> None:
    """Publishes what is known now. Whoever is in the scope and was not read, asked for or not, keeps older data and is named."""
    unread = await tx.all(
        f"""{PLACES.format(scope=SCOPE[run.scope_kind])} and not exists (select from sync_item i
              where i.sync_id = :sync_id and i.enrollment_id = e.enrollment_id and i.state = 'done') order by 1""",
        {"sync_id": run.sync_id, **({"scope_id": run.scope_id} if run.scope_id else {})},
    )
    publish(
        tx,
        SyncFinished(
            revision=run.number,
            sync_id=run.sync_id,
            scope=scope_of(run),
            scope_kind=run.scope_kind,
            scope_id=run.scope_id,
            as_of=run.as_of,
            enrollments=run.total,
            failed=tuple(row.enrollment_id for row in unread),
            entries_changed=run.entries_changed,
        ),
    )
