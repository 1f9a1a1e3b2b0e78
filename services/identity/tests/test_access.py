"""Row-level security, asked for straight in PostgreSQL: what the database gives to each kind of principal."""

import asyncpg
import pytest
import pytest_asyncio

SECRET = ("credential", "refresh_token", "signing_key")


@pytest_asyncio.fixture
async def acting(identity):
    """`await acting(kind, user_id)`: a connection of the login role that acts as that principal."""
    opened = []

    async def act(kind, user_id):
        connection = await asyncpg.connect(identity.database.login_url)
        opened.append(connection)
        await connection.execute(f"select set_config('role', 'identity_{kind}', false), set_config('app.user_id', '{user_id}', false)")
        return connection

    yield act
    for connection in opened:
        await connection.close()


@pytest.mark.parametrize("kind", ["student", "partner"])
async def test_one_sees_ones_own_rows_and_no_others(acting, person, kind):
    someone, _ = await person(), await person()
    connection = await acting(kind, someone.id)
    for table in ("user_account", "session"):
        assert {row["user_id"] for row in await connection.fetch(f"select user_id from {table}")} == {someone.id}
    await connection.execute("update session set ended_at = now(), ended_because = 'signed out'")
    assert len(await connection.fetch("select * from session where ended_at is not null")) == 1


async def test_an_administrator_sees_all_accounts_and_changes_none(acting, admin, person):
    someone = await person()
    connection = await acting("admin", admin.id)
    assert await connection.fetchval("select true from user_account where user_id = $1", someone.id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("update user_account set status = 'deactivated'")


@pytest.mark.parametrize("kind", ["student", "partner", "admin"])
@pytest.mark.parametrize("table", SECRET)
async def test_hashes_and_signing_keys_are_for_the_system_alone(acting, person, kind, table):
    connection = await acting(kind, (await person()).id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch(f"select * from {table}")


@pytest.mark.parametrize("kind", ["student", "partner", "admin"])
async def test_nobody_grants_themselves_a_role(acting, person, kind):
    someone = await person()
    connection = await acting(kind, someone.id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("insert into user_role (user_id, role) values ($1, 'admin')", someone.id)


async def test_without_acting_as_somebody_nothing_is_seen(identity, acting):
    login = await asyncpg.connect(identity.database.login_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await login.fetch("select * from user_account")
    await login.close()
    nobody = await acting("student", "")
    assert await nobody.fetch("select * from user_account") == []
