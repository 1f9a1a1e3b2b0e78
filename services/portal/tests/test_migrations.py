"""The migrated database is the one that the models describe, and migrating again changes nothing."""

from chassis import schema
from portal import models
from portal.rights import UNPROTECTED

COLUMNS = """select column_name, case data_type when 'ARRAY' then 'uuid[]' else data_type end as kind, is_generated
from information_schema.columns where table_schema = 'public' and table_name = $1"""
KINDS = {"UUID": "uuid", "TEXT": "text", "INTEGER": "integer", "DATE": "date", "NUMERIC": "numeric", "JSONB": "jsonb"}
KINDS |= {"TIMESTAMP WITH TIME ZONE": "timestamp with time zone", "UUID[]": "uuid[]"}


async def test_models_and_tables_agree(portal):
    from sqlalchemy.dialects import postgresql

    for table in models.metadata.tables.values():
        there = {row["column_name"]: row["kind"] for row in await portal.sql(COLUMNS, table.name) if row["is_generated"] == "NEVER"}
        assert there == {column.name: KINDS[column.type.compile(postgresql.dialect())] for column in table.columns}, table.name


async def test_migrating_again_changes_nothing(portal):
    done = portal.run("migrate")
    assert (done.returncode, done.stdout.strip()) == (0, "portal: at 0005")


async def test_every_table_with_people_in_it_has_forced_row_level_security(portal):
    rows = await portal.sql(
        """select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
           and not relforcerowsecurity and not relispartition"""
    )
    assert {row["relname"] for row in rows} == {*schema.UNPROTECTED, *UNPROTECTED}
