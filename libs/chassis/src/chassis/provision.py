"""A service's database and roles, made by an administrator of the server; safe to run again and at the same time."""

from collections.abc import Sequence

import asyncpg

from chassis.schema import EXTENDS, role


def _quoted(password: str) -> str:
    return "'" + password.replace("'", "''") + "'"


async def provision(
    admin_dsn: str, service: str, kinds: Sequence[str], *, login_password: str, owner_password: str, database: str | None = None
) -> None:
    """Makes `<service>_owner` (owns, migrates), `<service>` (logs in, owns nothing) and one role for each kind of principal.

    `database` overrides the database's name. Passwords are set anew each time. Names have `_` for `-`.
    """
    name = service.replace("-", "_")
    database = database or name
    admin = await asyncpg.connect(admin_dsn, timeout=10)
    try:
        await admin.execute("select pg_advisory_lock(hashtext('provision'))")
        await _role(admin, f"{name}_owner", f"login password {_quoted(owner_password)}")
        await _role(admin, name, f"login noinherit password {_quoted(login_password)}")
        for kind in kinds:
            await _role(admin, role(service, kind), "nologin")
            await admin.execute(f"grant {role(service, kind)} to {name} with inherit false, set true")
        for kind in [kind for kind in kinds if kind in EXTENDS]:
            await admin.execute(f"grant {role(service, EXTENDS[kind])} to {role(service, kind)} with inherit true, set false")
        if not await admin.fetchval("select true from pg_database where datname = $1", database):
            await admin.execute(f'create database "{database}" owner {name}_owner')
        await admin.execute(f'revoke all on database "{database}" from public')
        await admin.execute(f'grant connect on database "{database}" to {name}')
    finally:
        await admin.close()
    await _open_schema(admin_dsn, name, database, [role(service, kind) for kind in kinds])


async def _role(admin: asyncpg.Connection, name: str, options: str) -> None:
    exists = await admin.fetchval("select true from pg_roles where rolname = $1", name)
    bounds = "nosuperuser nocreatedb nocreaterole nobypassrls"
    await admin.execute(f"{'alter' if exists else 'create'} role {name} with {bounds} {options}")


async def _open_schema(admin_dsn: str, name: str, database: str, roles: Sequence[str]) -> None:
    inside = await asyncpg.connect(admin_dsn, database=database, timeout=10)
    try:
        await inside.execute(f"alter schema public owner to {name}_owner")
        await inside.execute("revoke all on schema public from public")
        await inside.execute(f"grant usage on schema public to {name}, {', '.join(roles)}")
    finally:
        await inside.close()
