"""Row-level security, asked for straight in PostgreSQL: what the database gives to each kind of principal."""

import asyncpg
import pytest
import pytest_asyncio

SECRET = (
    *("credential", "refresh_token", "signing_key", "mailed_token", "password_reset_request", "attempt", "sign_in_place"),
    *("totp", "recovery_code", "sign_in_challenge", "passkey", "passkey_challenge"),
)


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


@pytest.mark.parametrize("kind", ["student", "partner", "payroll_admin"])
async def test_one_sees_ones_own_rows_and_no_others(acting, person, kind):
    someone, _ = await person(), await person()
    connection = await acting(kind, someone.id)
    for table in ("user_account", "session"):
        assert {row["user_id"] for row in await connection.fetch(f"select user_id from {table}")} == {someone.id}
    await connection.execute("update session set ended_at = now(), ended_because = 'signed out'")
    assert len(await connection.fetch("select * from session where ended_at is not null")) == 1


async def test_an_administrator_sees_all_accounts_and_sets_no_address(acting, admin, person):
    someone = await person()
    connection = await acting("admin", admin.id)
    assert await connection.fetchval("select true from user_account where user_id = $1", someone.id)
    for column in ("email", "email_verified_at"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"update user_account set {column} = null")


@pytest.mark.parametrize("kind", ["student", "partner", "payroll_admin"])
async def test_one_changes_ones_own_profile_and_nothing_else(identity, acting, person, kind):
    someone, other = await person(), await person()
    connection = await acting(kind, someone.id)
    await connection.execute("update user_account set name = 'Changed'")
    changed = await identity.sql("select user_id from user_account where name = 'Changed' and user_id = any($1)", [someone.id, other.id])
    assert [row["user_id"] for row in changed] == [someone.id]
    for column in ("status", "email", "email_verified_at"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"update user_account set {column} = null")


@pytest.mark.parametrize("kind", ["student", "partner", "admin", "payroll_admin"])
async def test_consents_are_ones_own_whatever_one_is(identity, acting, person, kind):
    someone, other = await person(), await person()
    insert = "insert into consent (user_id, purpose, given, wording, changed_at) values ($1, 'photos', true, 'as shown', now())"
    await identity.sql(insert, other.id)
    connection = await acting(kind, someone.id)
    assert await connection.fetch("select * from consent") == []
    await connection.execute(insert, someone.id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(insert, other.id)


@pytest.mark.parametrize("kind", ["student", "partner", "admin", "payroll_admin"])
@pytest.mark.parametrize("table", SECRET)
async def test_hashes_and_signing_keys_are_for_the_system_alone(acting, person, kind, table):
    connection = await acting(kind, (await person()).id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch(f"select * from {table}")


@pytest.mark.parametrize("kind", ["student", "partner", "payroll_admin"])
async def test_machine_clients_are_for_administrators(acting, person, kind):
    connection = await acting(kind, (await person()).id)
    for table in ("client", "client_secret"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"select * from {table}")


async def test_no_administrator_reads_the_hash_of_a_clients_secret(acting, admin):
    connection = await acting("admin", admin.id)
    assert await connection.fetch("select secret_id from client_secret where false") == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("select secret_hash from client_secret")


@pytest.mark.parametrize("kind", ["student", "partner", "admin", "payroll_admin"])
@pytest.mark.parametrize("role", ["admin", "payroll_admin", "worksite"])
async def test_nobody_grants_themselves_a_role(acting, person, kind, role):
    someone = await person()
    connection = await acting(kind, someone.id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("insert into user_role (user_id, role) values ($1, $2)", someone.id, role)


@pytest.mark.parametrize("kind", ["student", "partner", "admin", "payroll_admin"])
async def test_nobody_withdraws_a_role_of_their_own_nor_a_partners(identity, acting, person, kind):
    someone, other = await person(), await person()
    for user_id, role in ((someone.id, "admin"), (other.id, "worksite")):
        await identity.sql("insert into user_role (user_id, role) values ($1, $2)", user_id, role)
    connection = await acting(kind, someone.id)
    try:
        await connection.execute("delete from user_role where user_id = any($1)", [someone.id, other.id])
    except asyncpg.InsufficientPrivilegeError:
        assert kind != "admin"
    assert len(await identity.sql("select 1 from user_role where user_id = any($1)", [someone.id, other.id])) == 2


@pytest.mark.parametrize("kind", ["student", "partner", "payroll_admin"])
async def test_nobody_but_an_administrator_grants_a_role(acting, person, kind):
    connection = await acting(kind, (await person()).id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("insert into user_role (user_id, role) values ($1, 'admin')", (await person()).id)


async def test_without_acting_as_somebody_nothing_is_seen(identity, acting):
    login = await asyncpg.connect(identity.database.login_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await login.fetch("select * from user_account")
    await login.close()
    nobody = await acting("student", "")
    assert await nobody.fetch("select * from user_account") == []
