"""The migrations make what the service needs, once, and leave nothing personal unprotected."""

from chassis.migrate import upgrade

PERSONAL = ("student_id", "user_id", "client_identifier")


async def test_a_second_run_changes_nothing(service):
    before = await service.sql("select count(*) from pg_class")
    await upgrade("skills", "skills", service.database.owner_url)
    assert await service.sql("select count(*) from pg_class") == before


async def test_every_table_with_personal_data_is_protected(service):
    rows = await service.sql(
        """select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
           where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = any($1::text[])
             and not (c.relrowsecurity and c.relforcerowsecurity)""",
        list(PERSONAL),
    )
    assert [row["relname"] for row in rows] == []


async def test_the_login_role_owns_nothing_and_sees_nothing(service):
    owned = await service.sql("select count(*) from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = 'skills'")
    granted = await service.sql("select count(*) from information_schema.role_table_grants where grantee = 'skills'")
    assert (owned[0][0], granted[0][0]) == (0, 0)
