"""What a person keeps in order about their own account: where sessions were used, links that came by mail,
attempts with passwords, the profile and consents."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0002", "0001"

REASONS = (
    "signed out", "refresh token reused", "ended from another session", "ended by an administrator",
    "password changed", "password reset", "account closed",
)  # fmt: skip
SESSIONS = [
    "alter table session add column last_used_at timestamptz, add column ip text, add column user_agent text",
    "alter table session drop constraint session_ended_because_check",
    f"alter table session add constraint session_ended_because_check check (ended_because in {REASONS})",
    # An administrator ends sessions of others.
    "alter policy session_admin on session using (true) with check (true)",
]

MAILED = [
    "alter table user_account add column email_verified_at timestamptz",
    """create table mailed_token (
      token_hash bytea primary key,
      user_id uuid not null references user_account,
      purpose text not null check (purpose in ('password-reset', 'email-verification')),
      message_id uuid not null,
      issued_at timestamptz not null,
      expires_at timestamptz not null,
      used_at timestamptz
    )""",
    "create index mailed_token_user_id on mailed_token (user_id, purpose)",
    "create index mailed_token_expires_at on mailed_token (expires_at)",
    """create table password_reset_request (
      request_id uuid primary key default uuidv7(),
      email text not null,
      asked_at timestamptz not null
    )""",
    # To find the few rows that held a token, by recipient.
    "create index outbox_message_requested on outbox (key) where topic = 'message.requested'",
]
ATTEMPTS = [
    """create table attempt (
      name bytea primary key,
      spent_until timestamptz not null
    )""",
    """create table sign_in_place (
      user_id uuid not null references user_account,
      network text not null,
      seen_at timestamptz not null,
      primary key (user_id, network)
    )""",
]
PROFILES = [
    # The policies of 0001 say whose rows; these say which columns.
    "grant update (name, phone, time_zone, revision, changed_at) on user_account to identity_student, identity_partner, identity_admin",
    "grant update (status) on user_account to identity_admin",
]
CONSENTS = [
    """create table consent (
      user_id uuid not null references user_account,
      purpose text not null check (purpose in ('text_messages', 'photos')),
      given boolean not null,
      wording text not null,
      changed_at timestamptz not null,
      revision int not null default 1,
      primary key (user_id, purpose)
    )""",
]
OWN = ("select, insert, update", "user_id = acting_user()")
SYSTEM = {"system": ("select, insert, update, delete", "true")}


def upgrade() -> None:
    execute(SESSIONS + MAILED + ATTEMPTS + PROFILES + CONSENTS)
    for table in ("mailed_token", "password_reset_request", "attempt", "sign_in_place"):
        execute(schema.protect("identity", table, SYSTEM))
    execute(schema.protect("identity", "consent", {"student": OWN, "partner": OWN, "admin": OWN} | SYSTEM))
