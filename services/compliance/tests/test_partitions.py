"""The ledger's tables by years: who may touch them, what is unique over all of them, which of them a query reads, and how they come."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from alembic import command
from chassis import migrate
from chassis.database import Database
from chassis.schedule import Slot, due
from compliance.domain.years import year_of
from compliance.jobs import JOBS
from dev.harness import eventually
from dev.testing import fresh_database

from .test_access import Acting

PARTITIONS = """select inhrelid::regclass::text as name from pg_inherits
 where inhparent in ('hour_entry'::regclass, 'hour_entry_detached'::regclass) order by 1"""
INSERT = """insert into hour_entry (log_id, revision, enrollment_id, student_id, work_date, minutes, category, source, status, external_key)
 values ($1, $2, $3, $4, $5, 60, 'theory', 'lms', 'verified', $6)"""
KINDS = ("student", "partner", "admin", "system", "payroll_admin")
THIS_YEAR = year_of(datetime.now(UTC).date())


async def test_nobody_reads_a_partition_by_its_name(compliance):
    names = [row["name"] for row in await compliance.sql(PARTITIONS)]
    assert len(names) >= 3
    for kind in KINDS:
        async with Acting(compliance, kind, uuid4()) as connection:
            for name in names:
                for verb in ("select * from {}", "update {} set notes = ''", "delete from {}", "insert into {} default values"):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(verb.format(name))


async def test_years_are_the_systems_and_revisions_the_databases_alone(compliance):
    forbidden = ["insert into hour_revision default values", "update hour_revision set revision = 9", "delete from hour_revision",
                 "insert into detached_year values (2001)", "delete from detached_year", "delete from hour_entry_detached",
                 "update hour_entry_detached set minutes = 1"]  # fmt: skip
    systems = [
        "select make_ledger_years()",
        "select hold_ledger_year(2001)",
        "select detach_ledger_year(2001)",
        "select attach_ledger_year(2001)",
    ]
    for kind in KINDS:
        others = [] if kind == "system" else [*systems, "select * from hour_entry_detached"]
        async with Acting(compliance, kind, uuid4()) as connection:
            for statement in [*forbidden, *others]:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)


async def test_no_revision_and_no_external_key_comes_twice_whatever_the_year(compliance):
    place, student, log = uuid4(), uuid4(), uuid4()
    async with Acting(compliance, "system", None) as connection:
        await connection.execute(INSERT, log, 1, place, student, date(THIS_YEAR, 6, 1), "key")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(INSERT, log, 1, place, student, date(THIS_YEAR - 1, 6, 1), None)
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(INSERT, uuid4(), 1, place, student, date(THIS_YEAR - 1, 6, 1), "key")
        await connection.execute(INSERT, log, 2, place, student, date(THIS_YEAR - 1, 6, 1), "key")


async def test_who_may_not_write_an_entry_does_not_learn_that_it_is_there(compliance):
    log = uuid4()
    async with Acting(compliance, "system", None) as connection:
        await connection.execute(INSERT, log, 1, uuid4(), uuid4(), date(THIS_YEAR, 6, 1), None)
    async with Acting(compliance, "student", uuid4()) as connection:
        for each in (log, uuid4()):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(INSERT, each, 1, uuid4(), uuid4(), date(THIS_YEAR, 6, 2), None)


async def test_two_at_once_with_one_key_in_two_years(compliance):
    place, student = uuid4(), uuid4()
    async with Acting(compliance, "system", None) as first, Acting(compliance, "system", None) as second:
        begun = first.transaction()
        await begun.start()
        await first.execute(INSERT, uuid4(), 1, place, student, date(THIS_YEAR, 6, 1), "key")
        waits = asyncio.create_task(second.execute(INSERT, uuid4(), 1, place, student, date(THIS_YEAR - 1, 6, 1), "key"))
        blocked = "select 1 from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'"
        await eventually(lambda: compliance.sql(blocked, second.get_server_pid()))
        await begun.commit()
        with pytest.raises(asyncpg.UniqueViolationError):
            await waits


async def test_a_detached_year_takes_no_row_and_holds_its_entries(compliance):
    place, student, log = uuid4(), uuid4(), uuid4()
    async with Acting(compliance, "system", None) as connection:
        begun = connection.transaction()
        await begun.start()
        await connection.execute(INSERT, log, 1, place, student, date(2001, 6, 1), None)
        await connection.execute("select make_ledger_years()")
        await connection.execute("select detach_ledger_year(2001)")
        assert await connection.fetchval("select count(*) from hour_entry_detached where log_id = $1", log) == 1
        for each, revision, day in ((uuid4(), 1, date(2001, 1, 1)), (log, 2, date(THIS_YEAR, 6, 1))):
            with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match="2001 are detached"):
                async with connection.transaction():
                    await connection.execute(INSERT, each, revision, place, student, day, None)
        await begun.rollback()


async def test_years_come_by_themselves_and_hours_that_waited_move_in(compliance):
    async with Acting(compliance, "system", None) as connection:
        for year in (1987, 2002, THIS_YEAR + 3):
            await connection.execute(INSERT, uuid4(), 1, uuid4(), uuid4(), date(year, 6, 1), None)
    [job] = [job for job in JOBS if job.name == "make-ledger-years"]
    database, now = Database(compliance.database.login_url, "compliance"), datetime.now(UTC)
    assert len(list(due(job.name, job.cron, "UTC", now - timedelta(days=1), now))) == 1
    for _ in range(2):
        async with database.transaction() as tx:
            await job.run(tx, Slot(job.name, "UTC", now))
    await database.close()
    names = {row["name"] for row in await compliance.sql(PARTITIONS)}
    assert {"hour_entry_2002", f"hour_entry_{THIS_YEAR}", f"hour_entry_{THIS_YEAR + 1}"} <= names
    assert not {"hour_entry_1987", f"hour_entry_{THIS_YEAR + 3}"} & names
    lies = "select tableoid::regclass::text as name from hour_entry where extract(year from work_date) = $1"
    assert [row["name"] for row in await compliance.sql(lies, 2002)] == ["hour_entry_2002"]
    assert [row["name"] for row in await compliance.sql(lies, 1987)] == ["hour_entry_default"]
    begins = await compliance.sql("select y, ledger_year_begins(y) as day from generate_series(1990, 2060) y")
    assert [row["day"] for row in begins] == [date.fromisocalendar(row["y"], 1, 1) for row in begins]


async def explained(compliance, statement, *arguments):
    async with Acting(compliance, "system", None) as connection:
        await connection.execute("set enable_seqscan = off")
        return "\n".join(row[0] for row in await connection.fetch(f"explain {statement}", *arguments))


@pytest.mark.parametrize(
    ("statement", "years"),
    [
        ("select * from newest_hours where student_id = $1 and work_date = '{day}'", 1),
        ("select * from counted_hours where enrollment_id = $1 and work_date between '{day}' and '{week}'", 1),
        ("select * from hour_entry where student_id = $1 and recorded_at <= now()", None),
        ("select * from current_hours where log_id = $1", None),
        ("select * from hour_revision where log_id = $1", 0),
    ],
)
async def test_a_day_and_a_week_read_one_year_and_a_statement_each_by_its_index(compliance, statement, years):
    day = date(THIS_YEAR, 6, 1)
    plan = await explained(compliance, statement.format(day=day, week=day + timedelta(days=6)), uuid4())
    assert "Seq Scan on hour_" not in plan
    read = {row["name"] for row in await compliance.sql(PARTITIONS) if f" {row['name']} " in plan}
    assert years is None or read == {f"hour_entry_{THIS_YEAR}"} or (years, read) == (0, set()), plan


CATALOGUE = {
    "policies": """select policyname, permissive, roles::text, cmd, qual, with_check from pg_policies
      where tablename = 'hour_entry' order by 1""",
    "grants": """select grantee, privilege_type, column_name from information_schema.column_privileges
      where table_name in ('hour_entry', 'newest_hours', 'current_hours', 'counted_hours') and grantee like 'compliance%'
       and grantee <> 'compliance_owner' order by 1, 2, 3, table_name""",
    "columns": """select column_name, data_type, column_default, is_nullable, generation_expression, c.table_name,
       col_description(table_name::regclass, ordinal_position) from information_schema.columns c
      where table_name in ('hour_entry', 'newest_hours', 'current_hours', 'counted_hours') order by c.table_name, ordinal_position""",
    "checks": """select conname, pg_get_constraintdef(oid) from pg_constraint
      where conrelid = 'hour_entry'::regclass and contype = 'c' order by 1""",
    "rows": "select * from hour_entry order by log_id, revision",
    "newest": "select * from newest_hours order by log_id",
    "views": "select relname, reloptions, obj_description(oid) from pg_class where relname ~ '^(newest|current|counted)_hours$' order by 1",
    "protected": "select relrowsecurity, relforcerowsecurity from pg_class where oid = 'hour_entry'::regclass",
}


async def test_a_ledger_that_was_one_table_keeps_every_row_right_and_rule(postgres):
    database = await fresh_database(postgres, "compliance")
    config = migrate._config("compliance", database.owner_url)
    await asyncio.to_thread(command.upgrade, config, "0013")
    admin = await asyncpg.connect(database.admin_url)
    days = (date(1987, 6, 1), date(2019, 12, 30), date(2024, 12, 29), date(2024, 12, 30), date(THIS_YEAR, 6, 1), date(THIS_YEAR + 4, 1, 1))
    place, log = uuid4(), uuid4()
    for number, day in enumerate(days):
        await admin.execute(INSERT, log, number + 1, place, UUID(int=1), day, "key")
        await admin.execute(INSERT, uuid4(), 1, place, UUID(int=2), day, f"key {number}")
    before = {name: await admin.fetch(statement) for name, statement in CATALOGUE.items()}
    await migrate.upgrade("compliance", "compliance", database.owner_url)
    after = {name: await admin.fetch(statement) for name, statement in CATALOGUE.items()}
    for name, rows in before.items():
        assert after[name] == rows, name
        assert rows, name
    kept = "select log_id, revision, enrollment_id, student_id, work_date, source, external_key, recorded_at from {} order by 1, 2"
    assert await admin.fetch(kept.format("hour_revision")) == await admin.fetch(kept.format("hour_entry"))
    where = await admin.fetch("select work_date, tableoid::regclass::text as name from hour_entry where log_id = $1 order by 1", log)
    assert [row["name"].removeprefix("hour_entry_") for row in where] == [
        "default", "2020", "2024", "2025", str(THIS_YEAR), "default",
    ]  # fmt: skip
    await admin.close()


async def test_a_list_of_everybody_goes_by_the_index(compliance):
    async with Acting(compliance, "admin", uuid4()) as connection:
        await connection.execute("set enable_seqscan = off")
        found = await connection.fetch("explain select * from newest_hours order by work_date desc, log_id desc limit 50")
    plan = "\n".join(row[0] for row in found)
    assert "Merge Append" in plan, plan
    assert "Sort  (" not in plan, plan
