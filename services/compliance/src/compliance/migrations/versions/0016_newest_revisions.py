"""What is asked most of the ledger, which revision of an entry is its newest, reads an index of the few that took another's place; and
each row has two indexes in place of four: the primary key begins with the work date, as the index of the list of hours did, and an
enrollment's hours are found as its student's (decision 19).
"""

from chassis.migrate import execute

revision, down_revision = "0016", "0015"

KEY = "primary key (work_date, log_id, revision)"
# A year that was detached before this, or comes back from a dump that was made before, has the key that it had.
ATTACH = """create or replace function attach_ledger_year(attached int) returns void language plpgsql security definer
  set search_path = public, pg_temp set lock_timeout = '5s' as $$
declare
  part text := 'hour_entry_' || attached; key text;
begin
  lock table hour_entry in access exclusive mode;
  if exists (select from pg_inherits where inhrelid = part::regclass and inhparent = 'hour_entry_detached'::regclass) then
    execute format('alter table hour_entry_detached detach partition %I', part);
  end if;
  select conname into key from pg_constraint
   where conrelid = part::regclass and contype = 'p' and pg_get_constraintdef(oid) <> 'PRIMARY KEY (work_date, log_id, revision)';
  if key is not null then
    execute format('alter table %I drop constraint %I', part, key);
  end if;
  execute format('alter table hour_entry attach partition %I for values from (%L) to (%L)', part,
    ledger_year_begins(attached), ledger_year_begins(attached + 1));
  delete from detached_year where year = attached;
end $$"""


def upgrade() -> None:
    execute(
        [
            "alter table hour_entry drop constraint hour_entry_pkey",
            "drop index hour_entry_newest",
            "drop index hour_entry_week",
            f"alter table hour_entry add {KEY}",
            ATTACH,
            "create index hour_revision_later on hour_revision (log_id, revision) where revision > 1",
            # That there is a later one than the first says that it is past the first: of that the planner needs to be told.
            """create or replace view newest_hours with (security_invoker = true) as
              select h.* from hour_entry h
               where not exists (select from hour_revision n where n.log_id = h.log_id and n.revision > h.revision and n.revision > 1)""",
        ]
    )
