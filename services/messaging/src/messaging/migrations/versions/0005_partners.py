"""How far partners are: a suspended one is sent nothing about students."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    execute(["create table partner (user_id uuid primary key, revision int not null, status text not null)"])
    execute(schema.protect("messaging", "partner", {"system": ("select, insert, update", "true")}))
