"""What `/readyz` names when something is missing, and which databases a build works on."""

import asyncio

import pytest
from chassis import migrate, storage
from chassis.database import Database
from chassis.readiness import database_lacks
from chassis.storage import Storage
from dev.processes import free_port
from sqlalchemy.exc import DBAPIError

FULL = "do $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$"


async def lacks(url: str, *, migrated: bool = False) -> dict[str, str]:
    database = Database(url, "toy")
    try:
        return await database_lacks(database, "toy", migrated=migrated)
    finally:
        await database.close()


async def test_nothing_is_missing_on_a_migrated_database(bare):
    assert await lacks(bare.database.login_url) == {}


async def test_a_wrong_password_is_named_and_not_repeated(bare):
    user, _, rest = bare.database.login_url.removeprefix("postgresql://").partition(":")
    address = f"{user}:wrong-secret@{rest.partition('@')[2]}"
    # The test server trusts whoever comes, so the refusal of a role that may not log in stands in for that of a password.
    found = await lacks(f"postgresql://{address.replace(user, 'toy_system', 1)}")
    assert "refuses the role or password of CHAIRSIDE_DATABASE_URL" in found["database"]
    assert "wrong-secret" not in found["database"]


async def test_a_database_that_does_not_exist_is_named(bare):
    found = await lacks(bare.database.login_url.rpartition("/")[0] + "/nowhere")
    assert found["database"].startswith("nowhere does not exist at 127.0.0.1:")


async def test_a_server_that_is_away_is_named_with_its_place():
    port = free_port()
    found = await lacks(f"postgresql://toy:secret@127.0.0.1:{port}/toy")
    assert found["database"].startswith(f"at 127.0.0.1:{port} does not answer")


async def test_a_database_without_migrations_is_told_to_migrate(postgres):
    from dev.testing import fresh_database

    made = await fresh_database(postgres, "toy")
    assert await lacks(made.login_url) == {"migrations": "never ran here; run migrate"}


async def test_a_write_that_found_the_volume_full_makes_it_not_ready_until_one_succeeds(bare):
    database = Database(bare.database.login_url, "toy")
    try:
        with pytest.raises(DBAPIError):
            async with database.transaction() as tx:
                await tx.execute(FULL)
        assert "no room on its volume" in (await database_lacks(database, "toy", migrated=True))["database"]
        async with database.transaction() as tx:
            tx.audits.append(dict.fromkeys(("actor", "actor_kind", "action", "object_type", "object_id"), "x") | dict.fromkeys(
                ("subject_id", "ip", "user_agent", "request_id", "trace_id", "before", "after")))  # fmt: skip
        assert await database_lacks(database, "toy", migrated=True) == {}
    finally:
        await database.close()


def test_a_full_storage_says_so(tmp_path, monkeypatch):
    there = Storage(f"file://{tmp_path}")
    assert there.trouble() is None
    monkeypatch.setattr(storage, "ROOM", 1 << 60)
    assert f"at {tmp_path} is full" in (there.trouble() or "")
    assert Storage("memory:///").trouble() is None


def test_a_build_works_on_its_own_revision_and_on_that_of_a_later_build():
    newest = migrate.head("toy")
    assert migrate.serves("toy", newest)
    assert migrate.serves("toy", "9999")
    assert not migrate.serves("toy", None)


def test_a_build_does_not_work_on_an_earlier_revision_of_its_own():
    assert migrate.serves("onboarding", migrate.head("onboarding"))
    assert not migrate.serves("onboarding", "0001")


async def test_an_older_build_leaves_what_a_later_one_migrated(postgres, bare):
    from dev.testing import fresh_database

    made = await fresh_database(postgres, "toy")
    await migrate.upgrade("toy", "toy", made.owner_url)
    later = await asyncio.to_thread(bare.run, "migrate")
    assert later.returncode == 0, later.stderr
    await bare.sql("update alembic_version set version_num = '9999'")
    try:
        again = await asyncio.to_thread(bare.run, "migrate")
        assert again.returncode == 0, again.stderr
        assert await bare.sql("select version_num from alembic_version") == [("9999",)]
    finally:
        await bare.sql("update alembic_version set version_num = $1", migrate.head("toy"))


async def test_a_migration_that_fails_is_a_sentence_and_undone(postgres, bare):
    """A table of the migration's own name is in its way."""
    from dev.testing import fresh_database

    made = await fresh_database(postgres, "toy")
    blocked = type(bare)(bare.module, made, bare.issuer, {**bare.env, "CHAIRSIDE_OWNER_DATABASE_URL": made.owner_url}, bare.log)
    await blocked.sql("create table note (id int)")
    done = await asyncio.to_thread(blocked.run, "migrate")
    assert done.returncode == 1
    assert "The migration of toy failed and was undone" in done.stderr
    assert "Traceback" not in done.stderr
    assert await blocked.sql("select to_regclass('outbox')") == [(None,)]
