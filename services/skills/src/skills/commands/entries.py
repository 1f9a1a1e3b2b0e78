"""A student's log of practical services: written, corrected, shown in photos, submitted (SPEC 3.5)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.skills import SkillLogged

from skills import domain, queries

WRITTEN = ("skill_code", "service_name", "performed_at", "duration_minutes", "client_identifier", "self_rating", "description")
EVENT_FIELDS = (
    "revision", "entry_id", "enrollment_id", "student_id", "program_id", "skill_code", "service_name", "performed_at",
    "duration_minutes", "self_rating", "status",
)  # fmt: skip
INSERT = f"""insert into entry (enrollment_id, student_id, program_id, {", ".join(WRITTEN)})
 values (:enrollment_id, :student_id, :program_id, {", ".join(f":{name}" for name in WRITTEN)}) returning *"""
CORRECT = f"""update entry set {", ".join(f"{name} = :{name}" for name in WRITTEN)}, revision = revision + 1
 where entry_id = :id returning *"""
SUBMIT = """update entry set status = 'pending', submitted_at = :now, decided_by = null, decided_at = null, supervisor_rating = null,
   revision = revision + 1 where entry_id = :id returning *"""


async def log_service(tx: Transaction, enrollment_id: UUID, service: Mapping[str, Any], now: datetime) -> Any:
    """Writes a draft. Raises EnrollmentNotFound and what `domain.accept_service` and `domain.require_pseudonym` raise; gives the row."""
    enrollment = await queries.enrollment(tx, enrollment_id)
    if enrollment.student_id != tx.principal.user_id:
        raise domain.EnrollmentNotFound("There is no such enrollment of yours. Services are logged by the student alone.")
    _check(enrollment, service, now)
    whose = {"enrollment_id": enrollment_id, "student_id": enrollment.student_id, "program_id": enrollment.program_id}
    row = (await tx.execute(INSERT, {**whose, **service})).one()
    audit.record(tx, "entry.create", "entry", row.entry_id, subject_id=row.student_id, after=_told(row, ("status", *WRITTEN)))
    return row


def _check(enrollment: Any, service: Mapping[str, Any], now: datetime) -> None:
    domain.require_pseudonym(service["client_identifier"])
    domain.accept_service(
        status=enrollment.status,
        skills=queries.skills_of(enrollment),
        skill_code=service["skill_code"],
        performed_at=service["performed_at"],
        now=now,
    )


async def change(tx: Transaction, entry_id: UUID, changes: Mapping[str, Any], now: datetime) -> Any:
    """Corrects a draft or rejected entry of one's own. Raises EntryNotFound, NotEditable and what `log_service` raises; gives the row."""
    before = await lock_own(tx, entry_id)
    service = {name: changes.get(name, getattr(before, name)) for name in WRITTEN}
    _check(await queries.enrollment(tx, before.enrollment_id), service, now)
    row = (await tx.execute(CORRECT, {**service, "id": entry_id})).one()
    was, becomes = _told(before, changes), _told(row, changes) | {"fields": sorted(changes)}
    audit.record(tx, "entry.change", "entry", entry_id, subject_id=row.student_id, before=was, after=becomes)
    return row


def _told(row: Any, names: Iterable[str]) -> dict[str, Any]:
    """Those fields of a row, for the audit trail, without what the student wrote freely."""
    return {name: getattr(row, name) for name in names if name != "description"}


async def lock_own(tx: Transaction, entry_id: UUID) -> Any:
    """One's own entry, locked, when it may be changed. Raises EntryNotFound, NotEditable."""
    row = await queries.entry(tx, entry_id, lock=True)
    if row.student_id != tx.principal.user_id:
        raise domain.EntryNotFound("There is no such entry of yours. An entry is changed by its student alone.")
    domain.require_editable(row.status)
    return row


async def keep_photo(tx: Transaction, entry_id: UUID, kind: str, name: str) -> tuple[Any, str | None]:
    """Makes the stored file `name` the entry's photo; gives the row, and the name of the file that it replaces."""
    before = await lock_own(tx, entry_id)
    statement = f"update entry set {kind}_photo = :name, revision = revision + 1 where entry_id = :id returning *"
    row = (await tx.execute(statement, {"name": name, "id": entry_id})).one()
    replaced: str | None = getattr(before, f"{kind}_photo")
    was, becomes = {"kind": kind, "photo": replaced}, {"kind": kind, "photo": name}
    audit.record(tx, "entry.photo", "entry", entry_id, subject_id=row.student_id, before=was, after=becomes)
    return row, replaced


async def submit(tx: Transaction, entry_id: UUID, now: datetime) -> Any:
    """Asks for a decision. Raises EntryNotFound, NotEditable, EnrollmentEnded; gives the row."""
    before = await lock_own(tx, entry_id)
    domain.require_active((await queries.enrollment(tx, before.enrollment_id)).status)
    await queries.hold_order(tx, [before.enrollment_id])
    row = (await tx.execute(SUBMIT, {"now": now, "id": entry_id})).one()
    was, becomes = {"status": before.status}, {"status": row.status}
    audit.record(tx, "entry.submit", "entry", entry_id, subject_id=row.student_id, before=was, after=becomes)
    publish(tx, SkillLogged(**event_fields(row)))
    return row


def event_fields(row: Any) -> dict[str, Any]:
    """What every event about the entry says of it."""
    photos = (row.before_photo is not None) + (row.after_photo is not None)
    return {**{name: getattr(row, name) for name in EVENT_FIELDS}, "photos": photos}
