from chassis import schema
from chassis.migrate import execute
from contracts.people import KINDS

revision, down_revision = "0001", None


def upgrade() -> None:
    execute(schema.install("toy", KINDS))
    execute(["create table note (id uuid primary key default uuidv7(), owner_id uuid not null, body text not null)"])
    execute(["create table told (note_id uuid primary key, times int not null, last text not null)"])
    execute(["grant select, insert, update, delete on told to toy_system"])
    execute(
        schema.protect(
            "toy",
            "note",
            {
                "student": ("select, insert, update", "owner_id = acting_user()"),
                "partner": ("select", f"owner_id = {schema.VISIBLE}"),
                "admin": ("select", "true"),
                "system": ("all", "true"),
            },
        )
    )
