"""The read model's tables: what the portal knows, from events alone (SPEC 1). The migration makes them; upserts read their columns."""

from typing import Any

from sqlalchemy import ARRAY, Column, Date, DateTime, Integer, MetaData, Numeric, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

metadata = MetaData()
INSTANT = DateTime(timezone=True)


def _table(name: str, keys: str, /, **columns: TypeEngine[Any]) -> Table:
    """A table whose key columns are named in `keys`."""
    wanted = keys.split()
    made = (Column(column, kind, primary_key=column in wanted) for column, kind in columns.items())
    return Table(name, metadata, *made)


person = _table("person", "user_id", user_id=Uuid(), status=Text(), name=Text(), email=Text(), time_zone=Text(), revision=Integer())
partner = _table(
    "partner", "user_id",
    user_id=Uuid(), role=Text(), status=Text(), applied_at=INSTANT, approved_at=INSTANT, activated_at=INSTANT, revision=Integer(),
)  # fmt: skip
document_signature = _table(
    "document_signature", "signature_id",
    signature_id=Uuid(), user_id=Uuid(), document_id=Uuid(), document_title=Text(), document_version=Integer(),
    document_hash=Text(), signed_at=INSTANT, revision=Integer(),
)  # fmt: skip
program = _table(
    "program", "program_id",
    program_id=Uuid(), partner_id=Uuid(), name=Text(), time_zone=Text(), theory_minutes=Integer(), practical_minutes=Integer(),
    required_minutes_per_week=Integer(), inactivity_days_threshold=Integer(), courses=JSONB(), skills=JSONB(), revision=Integer(),
)  # fmt: skip
enrollment = _table(
    "enrollment", "enrollment_id",
    enrollment_id=Uuid(), student_id=Uuid(), program_id=Uuid(), started_on=Date(), ended_on=Date(), status=Text(), revision=Integer(),
)  # fmt: skip
course_progress = _table(
    "course_progress", "enrollment_id course_code",
    enrollment_id=Uuid(), course_code=Text(), student_id=Uuid(), title=Text(), percent=Numeric(), minutes_spent=Integer(),
    minutes_required=Integer(), last_accessed_at=INSTANT, as_of=INSTANT, revision=Integer(),
)  # fmt: skip
milady_provisioning = _table(
    "milady_provisioning", "enrollment_id",
    enrollment_id=Uuid(), student_id=Uuid(), program_id=Uuid(), status=Text(), reason=Text(), attempts=Integer(),
    next_attempt_at=INSTANT, provisioned_at=INSTANT, revision=Integer(),
)  # fmt: skip
skill_entry = _table(
    "skill_entry", "entry_id",
    entry_id=Uuid(), enrollment_id=Uuid(), student_id=Uuid(), program_id=Uuid(), skill_code=Text(), service_name=Text(),
    performed_at=INSTANT, duration_minutes=Integer(), self_rating=Integer(), photos=Integer(), status=Text(), decided_by=Uuid(),
    decided_at=INSTANT, supervisor_rating=Integer(), revision=Integer(),
)  # fmt: skip
hour_entry = _table(
    "hour_entry", "log_id",
    log_id=Uuid(), enrollment_id=Uuid(), student_id=Uuid(), work_date=Date(), minutes=Integer(), category=Text(), source=Text(),
    status=Text(), revision=Integer(),
)  # fmt: skip
requirement = _table(
    "requirement", "enrollment_id effective_from",
    enrollment_id=Uuid(), effective_from=Date(), student_id=Uuid(), required_minutes_per_week=Integer(),
    inactivity_days_threshold=Integer(), revision=Integer(),
)  # fmt: skip
week_result = _table(
    "week_result", "enrollment_id week_start",
    enrollment_id=Uuid(), week_start=Date(), student_id=Uuid(), result=Text(), logged_minutes=Integer(), target_minutes=Integer(),
    met_in_a_row=Integer(), missed_in_a_row=Integer(), revision=Integer(),
)  # fmt: skip
alert = _table(
    "alert", "alert_id",
    alert_id=Uuid(), enrollment_id=Uuid(), student_id=Uuid(), program_id=Uuid(), alert_type=Text(), severity=Text(), week_start=Date(),
    message=Text(), explanation=JSONB(), status=Text(), raised_at=INSTANT, resolved_at=INSTANT, resolution=Text(), revision=Integer(),
)  # fmt: skip
message = _table(
    "message", "message_id",
    message_id=Uuid(), recipient_id=Uuid(), kind=Text(), channel=Text(), status=Text(), sent_at=INSTANT, failed_at=INSTANT,
    reason=Text(), revision=Integer(),
)  # fmt: skip
sync_status = _table(
    "sync_status", "scope",
    scope=Text(), sync_id=Uuid(), scope_kind=Text(), scope_id=Uuid(), as_of=INSTANT, enrollments=Integer(), failed=ARRAY(Uuid()),
    entries_changed=Integer(),
)  # fmt: skip
audit_log = _table(
    "audit_log", "service position",
    service=Text(), position=Integer(), hash=Text(), actor=Text(), actor_kind=Text(), action=Text(), object_type=Text(),
    object_id=Text(), at=INSTANT, trace_id=Text(), student_id=Uuid(),
)  # fmt: skip
