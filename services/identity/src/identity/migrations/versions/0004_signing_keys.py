"""Signing keys that are published before they sign, with their public parts apart from the sealed private ones."""

from chassis.migrate import execute

revision, down_revision = "0004", "0003"

KEYS = [
    "alter table signing_key add column public_jwk text",
    "alter table signing_key add column signs_from timestamptz not null default now()",
    "update signing_key set signs_from = created_at",
]


def upgrade() -> None:
    execute(KEYS)
