"""The tables that lists are read from, as SQLAlchemy Core knows them; the migrations make them."""

from sqlalchemy import Boolean, Column, Date, DateTime, Integer, MetaData, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()
INSTANT = DateTime(timezone=True)

current_hours = Table(
    "current_hours",
    metadata,
    Column("log_id", Uuid),
    Column("revision", Integer),
    Column("enrollment_id", Uuid),
    Column("student_id", Uuid),
    Column("work_date", Date),
    Column("minutes", Integer),
    Column("category", Text),
    Column("source", Text),
    Column("status", Text),
    Column("logged_by", Uuid),
    Column("notes", Text),
    Column("reason", Text),
    Column("external_key", Text),
    Column("recorded_by", Uuid),
    Column("recorded_at", INSTANT),
    Column("counted_minutes", Integer),
    Column("over_minutes", Integer),
    Column("double_credit", Boolean),
)
"""A view of `hour_entry`: the newest revision of each entry, with its flags and how much of it counts."""

alert = Table(
    "alert",
    metadata,
    Column("alert_id", Uuid),
    Column("revision", Integer),
    Column("enrollment_id", Uuid),
    Column("student_id", Uuid),
    Column("program_id", Uuid),
    Column("alert_type", Text),
    Column("week_start", Date),
    Column("severity", Text),
    Column("rank", SmallInteger),
    Column("status", Text),
    Column("message", Text),
    Column("explanation", JSONB),
    Column("raised_at", INSTANT),
    Column("resolved_at", INSTANT),
    Column("resolution", Text),
    Column("escalated_at", INSTANT),
    Column("resolved_by", Uuid),
    Column("note", Text),
)

leave = Table(
    "leave",
    metadata,
    Column("leave_id", Uuid),
    Column("revision", Integer),
    Column("enrollment_id", Uuid),
    Column("student_id", Uuid),
    Column("first_on", Date),
    Column("last_on", Date),
    Column("status", Text),
    Column("notes", Text),
    Column("approved_by", Uuid),
    Column("approved_at", INSTANT),
)

scan = Table(
    "scan",
    metadata,
    Column("scan_id", Uuid),
    Column("kind", Text),
    Column("zone", Text),
    Column("local_date", Date),
    Column("as_of", INSTANT),
    Column("checked", Integer),
    Column("raised", Integer),
    Column("risen", Integer),
    Column("superseded", Integer),
    Column("held", Integer),
    Column("counts", JSONB),
    Column("took_ms", Integer),
    Column("running", Boolean),
    Column("finished_at", INSTANT),
)
