"""An enrollment carries the time zone of its program, so that a scan walks over those of its zone alone, in the order of their ids.

Triggers keep it, for a build from before this writes enrollments and programs too. Both sides wait for each other by the lock of
`commands.projections`, so that none is missed.
"""

from chassis.migrate import execute

revision, down_revision = "0017", "0016"

TABLES = ("enrollment", "program")
KEPT = [
    """create function take_time_zone() returns trigger language plpgsql as $$
begin
  new.time_zone := (select p.time_zone from program p where p.program_id = new.program_id);
  return new;
end $$""",
    """create function give_time_zone() returns trigger language plpgsql as $$
begin
  update enrollment set time_zone = new.time_zone where program_id = new.program_id;
  return null;
end $$""",
    """create trigger enrollment_zoned before insert or update of program_id on enrollment
  for each row execute function take_time_zone()""",
    "create trigger program_began after insert on program for each row execute function give_time_zone()",
    """create trigger program_moved after update of time_zone on program
  for each row when (old.time_zone <> new.time_zone) execute function give_time_zone()""",
]


def upgrade() -> None:
    execute(
        [
            "alter table enrollment add column time_zone text",
            "comment on column enrollment.time_zone is 'Of its program; empty while that is not known.'",
            *(f"alter table {table} no force row level security" for table in TABLES),
            "update enrollment e set time_zone = p.time_zone from program p where p.program_id = e.program_id",
            *(f"alter table {table} force row level security" for table in TABLES),
            "create index enrollment_zone on enrollment (time_zone, enrollment_id)",
            *KEPT,
        ]
    )
