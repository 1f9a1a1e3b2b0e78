"""Messages, and what messaging knows of people and programs."""

from chassis import schema
from chassis.migrate import execute
from contracts.people import KINDS

revision, down_revision = "0001", None

TABLES = [
    """create table person (
      user_id uuid primary key,
      revision int not null,
      status text not null,
      name text not null,
      email text not null,
      time_zone text not null
    )""",
    """create table program (
      program_id uuid primary key,
      revision int not null,
      name text not null
    )""",
    """create table message (
      message_id uuid primary key,
      recipient_id uuid not null,
      kind text not null,
      channel text not null default 'email' check (channel in ('email', 'sms')),
      data jsonb not null,
      subject text,
      status text not null default 'pending' check (status in ('pending', 'sending', 'sent', 'failed')),
      attempts int not null default 0,
      next_attempt_at timestamptz not null default now(),
      reason text,
      created_at timestamptz not null default now(),
      sent_at timestamptz,
      revision int not null default 1
    )""",
    "create index message_due on message (next_attempt_at) where status in ('pending', 'sending')",
    "create index message_recipient on message (recipient_id, created_at desc, message_id desc)",
    "create index message_newest on message (created_at desc, message_id desc)",
]
SYSTEM = {"system": ("select, insert, update, delete", "true")}
OWN = "recipient_id = acting_user()"
READ = {"student": ("select", OWN), "partner": ("select", OWN), "admin": ("select", "true")}


def upgrade() -> None:
    """The chassis' tables, ours, and who may read them."""
    execute(schema.install("messaging", KINDS))
    execute(TABLES)
    execute(["grant select, insert, update on program to messaging_system"])
    execute(schema.protect("messaging", "person", SYSTEM))
    execute(schema.protect("messaging", "message", SYSTEM | READ))
