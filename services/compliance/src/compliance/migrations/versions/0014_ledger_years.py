"""The ledger in years, of which old ones can be detached (decision 19). What must be unique over all years, and known of those that are
detached, has a table of its own."""

from chassis import schema
from chassis.migrate import execute
from contracts.people import KINDS

revision, down_revision = "0014", "0013"

REVISIONS = """create table hour_revision (
  log_id uuid not null,
  revision int not null,
  enrollment_id uuid not null,
  student_id uuid not null,
  work_date date not null,
  source text not null,
  external_key text,
  recorded_at timestamptz not null,
  primary key (log_id, revision)
)"""
TABLES = [
    "drop view counted_hours",
    "drop view current_hours",
    "drop view newest_hours",
    "alter table hour_entry rename to hour_entry_before",
    "alter table hour_entry_before no force row level security",
    """create table hour_entry (like hour_entry_before including defaults including generated including constraints including comments)
      partition by range (work_date)""",
    "create table hour_entry_default partition of hour_entry default",
    """create table hour_entry_detached (like hour_entry including defaults including generated including constraints including comments)
      partition by range (work_date)""",
    "comment on table hour_entry_detached is 'Years of hour_entry that are detached, until an operator dumps and drops them.'",
    "create table detached_year (year int primary key, detached_at timestamptz not null default now())",
    """comment on table detached_year is
      'ISO years whose rows are not in hour_entry: they take no more hours, and their weeks keep the totals that they have.'""",
    REVISIONS,
    """comment on table hour_revision is
      'Each row of hour_entry by its number, of detached years too; a trigger keeps it. No revision and no external key comes twice.'""",
    "alter table weekly_total add column days smallint[]",
    "comment on column weekly_total.days is 'The ISO weekdays with hours that count, while the week''s year is detached; else empty.'",
]
COLUMNS = """log_id, revision, enrollment_id, student_id, work_date, minutes, category, source, status, logged_by, notes, reason,
  external_key, recorded_at, recorded_by"""
MOVE = [
    "select make_ledger_years(array(select distinct extract(isoyear from work_date)::int from hour_entry_before))",
    f"insert into hour_entry ({COLUMNS}) select {COLUMNS} from hour_entry_before",
    """insert into hour_revision select log_id, revision, enrollment_id, student_id, work_date, source, external_key, recorded_at
      from hour_entry_before""",
    "drop table hour_entry_before",
    "alter table hour_entry add primary key (log_id, revision, work_date)",
    "create index hour_entry_day on hour_entry (student_id, work_date)",
    "create index hour_entry_week on hour_entry (enrollment_id, work_date)",
    "create index hour_entry_newest on hour_entry (work_date, log_id)",
    "create index hour_entry_detached_day on hour_entry_detached (student_id, work_date)",
    """create unique index hour_revision_key on hour_revision (enrollment_id, source, external_key)
      where revision = 1 and external_key is not null""",
]
# What begins with the Monday of the ISO year's first week holds whole weeks: no week lies in two partitions.
BEGINS = """create function ledger_year_begins(year int) returns date language sql immutable parallel safe
  return make_date(year, 1, 4) - (extract(isodow from make_date(year, 1, 4))::int - 1)"""
AS_OWNER = "language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '5s' as"
# The lock comes before anything else is held, so that nobody who reads now and writes later is met halfway.
LOCK = "lock table hour_entry in access exclusive mode"
# Each year has a partition of its own from 2000 until the next one; hours of other dates lie in the default until theirs is made.
MAKE = f"""create function make_ledger_years(known int[] default '{{}}') returns void {AS_OWNER} $$
declare
  y int; made text; begins date; ends date; kept text; years int[]; next int := extract(isoyear from current_date) + 1;
begin
  select string_agg(quote_ident(attname), ', ' order by attnum) into kept from pg_attribute
   where attrelid = 'hour_entry'::regclass and attnum > 0 and not attisdropped and attgenerated = '';
  select array_agg(distinct e.year) into years from (select unnest(known || array[next - 1, next])
    union select extract(isoyear from work_date)::int from hour_entry_default) e (year) where e.year between 2000 and next;
  foreach y in array years loop
    made := 'hour_entry_' || y;
    begins := ledger_year_begins(y);
    ends := ledger_year_begins(y + 1);
    continue when to_regclass(made) is not null or exists (select from detached_year d where d.year = y);
    {LOCK};
    execute format('create table %I (like hour_entry including defaults including generated including constraints,
      check (work_date >= %L and work_date < %L))', made, begins, ends);
    execute format('with waited as (delete from hour_entry_default where work_date >= %L and work_date < %L returning *)
      insert into %I (%s) select %s from waited', begins, ends, made, kept, kept);
    execute format('alter table hour_entry attach partition %I for values from (%L) to (%L)', made, begins, ends);
  end loop;
end $$"""
HOLD = f"""create function hold_ledger_year(year int) returns void {AS_OWNER} $$
begin
  execute format('lock table %I in share mode', 'hour_entry_' || year);
end $$"""
DETACH = f"""create function detach_ledger_year(year int) returns void {AS_OWNER} $$
begin
  {LOCK};
  execute format('alter table hour_entry detach partition %I', 'hour_entry_' || year);
  execute format('alter table hour_entry_detached attach partition %I for values from (%L) to (%L)', 'hour_entry_' || year,
    ledger_year_begins(year), ledger_year_begins(year + 1));
  insert into detached_year values (year);
end $$"""
# A year that was dumped and dropped may have been restored outside of the table that it was dumped from.
ATTACH = f"""create function attach_ledger_year(attached int) returns void {AS_OWNER} $$
declare
  part text := 'hour_entry_' || attached;
begin
  {LOCK};
  if exists (select from pg_inherits where inhrelid = part::regclass and inhparent = 'hour_entry_detached'::regclass) then
    execute format('alter table hour_entry_detached detach partition %I', part);
  end if;
  execute format('alter table hour_entry attach partition %I for values from (%L) to (%L)', part,
    ledger_year_begins(attached), ledger_year_begins(attached + 1));
  delete from detached_year where year = attached;
end $$"""
# An entry with a revision in a detached year is not known whole: who wrote it, and what its week counted of it.
REGISTER = """create function register_revision() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  closed int;
begin
  select d.year into closed from detached_year d where exists (
      select from added a left join hour_revision r using (log_id)
       where d.year in (extract(isoyear from a.work_date), extract(isoyear from r.work_date)))
    limit 1;
  if closed is not null then
    raise exception 'The hours of % are detached and cannot change. Attach the year: compliance ledger attach %', closed, closed
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  insert into hour_revision select log_id, revision, enrollment_id, student_id, work_date, source, external_key, recorded_at from added;
  return null;
end $$"""
FUNCTIONS = [BEGINS, MAKE, HOLD, DETACH, ATTACH, REGISTER]
# After the policies have let the row through: whoever may not write it does not learn from a refusal that it is there.
TRIGGERS = [
    """create trigger hour_entry_registered after insert on hour_entry referencing new table as added
      for each statement execute function register_revision()"""
]
VIEWS = [
    # Which revision is the newest is known of detached years too: an older one in a year that is there does not come back.
    """create view newest_hours with (security_invoker = true) as
      select h.* from hour_entry h
       where not exists (select from hour_revision n where n.log_id = h.log_id and n.revision > h.revision)""",
    """create view current_hours with (security_invoker = true) as
      select h.*, coalesce(f.over_minutes, 0) as over_minutes, coalesce(f.double_credit, false) as double_credit,
        case when h.work_date >= e.started_on and h.work_date <= coalesce(e.ended_on, 'infinity')
          and (h.status = 'verified' or h.status = 'submitted' and coalesce(p.submitted_hours_count, true))
          then h.minutes - coalesce(f.over_minutes, 0) else 0 end as counted_minutes
       from newest_hours h left join enrollment e using (enrollment_id) left join program p using (program_id)
       left join hour_flag f using (log_id)""",
    "comment on view current_hours is 'The newest revision of each entry, with its flags and how many of its minutes count.'",
    """create view counted_hours with (security_invoker = true) as
      select log_id, revision, enrollment_id, student_id, work_date, week_start, minutes, counted_minutes, category, source, status,
        recorded_at
       from current_hours where counted_minutes > 0""",
    "comment on view counted_hours is 'Those of current_hours that count for weeks and alerts; weekly_total.minutes is their sum.'",
]
OTHERS = "logged_by <> acting_user() and student_id <> acting_user()"
AUTHORS = {
    "student": "logged_by = acting_user() and source in ('manual', 'mobile') and status in ('submitted', 'voided')",
    "partner": f"""source <> 'lms' and (
       logged_by = acting_user() and source in ('partner', 'coordinator') and status in ('submitted', 'voided')
       or {OTHERS} and revision > 1 and status in ('submitted', 'verified', 'rejected'))""",
    "admin": f"""source <> 'lms' and (
       status = 'voided'
       or status = 'submitted' and (revision > 1 or source = 'partner' and logged_by = acting_user())
       or status in ('verified', 'rejected') and {OTHERS})""",
}
"""Which revisions each kind of principal may write, as since migration 0006."""
OWN, SEEN = "student_id = acting_user()", f"student_id = {schema.VISIBLE}"
ADD = "select, insert"
RULES = {
    "hour_entry": {"student": (ADD, OWN), "partner": (ADD, SEEN), "admin": (ADD, "true"), "system": (ADD, "true")},
    "hour_entry_detached": {"system": ("select", "true")},
    "hour_revision": {
        "student": ("select", OWN),
        "partner": ("select", SEEN),
        "admin": ("select", "true"),
        "system": ("select", "true"),
    },
}


def upgrade() -> None:
    execute([*TABLES, *FUNCTIONS, *MOVE, *TRIGGERS, *VIEWS])
    for table, rules in RULES.items():
        execute(schema.protect("compliance", table, rules))
    for kind, may_write in AUTHORS.items():
        name, to = f"hour_entry_author_{kind}", schema.role("compliance", kind)
        check = f"recorded_by = acting_user() and ({may_write})"
        execute([f"create policy {name} on hour_entry as restrictive for insert to {to} with check ({check})"])
    everyone = ", ".join(schema.role("compliance", kind) for kind in KINDS)
    functions = "make_ledger_years(int[]), hold_ledger_year(int), detach_ledger_year(int), attach_ledger_year(int)"
    execute(
        [
            "grant update (notes, reason) on hour_entry, hour_entry_detached to compliance_system",
            f"grant select on newest_hours, current_hours, counted_hours, detached_year to {everyone}",
            # Rows come by the trigger alone, which acts as the owner.
            "create policy hour_revision_owner on hour_revision to current_user using (true) with check (true)",
            f"revoke execute on function {functions}, register_revision() from public",
            f"grant execute on function {functions} to compliance_system",
        ]
    )
