"""The database as the migrations make it."""

import hashlib

from chassis.migrate import head, upgrade

WITHOUT_PERSONS = {
    "outbox", "inbox", "audit_entry", "audit_anchor", "schedule_zone", "schedule_slot", "access_grant", "alembic_version",
    "role_package", "document", "document_version",
}  # fmt: skip
# A version that somebody may have signed never changes: write a new one, in a migration of its own.
PUBLISHED = {
    ("Program Holder Agreement", 1): "9cb686bbe6470b5a1c1c530421e223acc72abba1c13310173683d617fa378f93",
    ("Program Holder Handbook", 1): "ecaee1fd641a49f0b930d471f12e3adb355efd7ec6548c6e1042b1682da811ca",
    ("Site Coordinator Agreement", 1): "520f65cdaccb927ed02e99c7e3d987c422c4d38636a8b9cf81bfc9aec5e4443b",
    ("Worksite Agreement", 1): "6c0fc8dff1d41cd469b01299b68665c6e1bad4d13fca2aa810d289c5754decaa",
}


async def test_migrating_again_changes_nothing(onboarding):
    columns = "select table_name, column_name from information_schema.columns where table_schema = 'public' order by 1, 2"
    before = await onboarding.sql(columns)
    await upgrade("onboarding", "onboarding", onboarding.database.owner_url)
    assert before == await onboarding.sql(columns)
    assert (await onboarding.sql("select version_num from alembic_version"))[0]["version_num"] == head("onboarding")


async def test_every_table_of_persons_forces_row_level_security(onboarding):
    tables = await onboarding.sql(
        """select relname, relrowsecurity and relforcerowsecurity as forced from pg_class
           where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and not relispartition"""
    )
    assert {row["relname"] for row in tables if not row["forced"]} == WITHOUT_PERSONS


async def test_published_documents_are_what_they_were(onboarding):
    rows = await onboarding.sql("select title, version, content from document join document_version using (document_id)")
    assert {(row["title"], row["version"]): hashlib.sha256(row["content"].encode()).hexdigest() for row in rows} == PUBLISHED
