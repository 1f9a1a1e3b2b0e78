"""The database as the migrations make it."""

from chassis.migrate import head, upgrade

WITHOUT_PERSONS = {"outbox", "inbox", "audit_entry", "audit_anchor", "schedule_zone", "schedule_slot", "access_grant", "alembic_version"}


async def test_migrating_again_changes_nothing(identity):
    before = await identity.sql(
        "select table_name, column_name from information_schema.columns where table_schema = 'public' order by 1, 2"
    )
    await upgrade("identity", "identity", identity.database.owner_url)
    after = await identity.sql("select table_name, column_name from information_schema.columns where table_schema = 'public' order by 1, 2")
    assert before == after
    assert (await identity.sql("select version_num from alembic_version"))[0]["version_num"] == head("identity")


async def test_every_table_of_persons_forces_row_level_security(identity):
    tables = await identity.sql(
        """select relname, relrowsecurity and relforcerowsecurity as forced from pg_class
           where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and not relispartition"""
    )
    unprotected = {row["relname"] for row in tables if not row["forced"]}
    assert unprotected == WITHOUT_PERSONS
