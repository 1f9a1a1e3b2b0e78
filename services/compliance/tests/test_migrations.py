"""What the migrations make, against what the code takes it to be."""

from chassis.migrate import head
from compliance.models import metadata


async def test_every_column_that_is_read_is_there(compliance):
    for table in metadata.sorted_tables:
        rows = await compliance.sql("select column_name from information_schema.columns where table_name = $1", table.name)
        assert {column.name for column in table.columns} <= {row["column_name"] for row in rows}, table.name


async def test_personal_data_is_under_forced_row_level_security(compliance):
    rows = await compliance.sql(
        """select c.relname, relrowsecurity and relforcerowsecurity as forced from pg_class c
           join pg_attribute a on a.attrelid = c.oid and a.attname in ('student_id', 'logged_by')
           where c.relkind in ('r', 'p') and not c.relispartition
            and c.relnamespace = 'public'::regnamespace and c.relname not in ('audit_entry')"""
    )
    assert {row["relname"] for row in rows} == {
        "enrollment", "student_ledger", "hour_entry", "hour_flag", "hour_acceptance", "weekly_total", "alert", "requirement", "recheck",
        "held_check", "digest_due", "hour_revision", "hour_entry_detached",
        "leave",
    }  # fmt: skip
    assert all(row["forced"] for row in rows)


async def test_migrating_again_changes_nothing(compliance):
    for _ in range(2):
        done = compliance.run("migrate")
        assert (done.returncode, done.stdout.strip()) == (0, f"compliance: at {head('compliance')}"), done.stderr
