"""Which version of a partner their role follows."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0012", "0011"


def upgrade() -> None:
    # No reference to user_account: an event may speak of a person before this database knows them.
    execute(["create table partner_standing (user_id uuid primary key, revision int not null)"])
    execute(schema.protect("identity", "partner_standing", {"system": ("select, insert, update, delete", "true")}))
