"""Row-level security, straight in PostgreSQL with the service's own roles."""

from uuid import uuid4

import asyncpg
import pytest


async def as_role(messaging, role, user, statement):
    connection = await asyncpg.connect(messaging.database.login_url)
    try:
        async with connection.transaction():
            await connection.execute("select set_config('role', $1, true), set_config('app.user_id', $2, true)", f"messaging_{role}", user)
            return await connection.fetch(statement)
    finally:
        await connection.close()


async def test_only_ones_own_rows_are_there(messaging):
    me, other = uuid4(), uuid4()
    for who in (me, other):
        insert = "insert into message (message_id, recipient_id, kind, data, status) values ($1, $2, 'x', '{}', 'failed')"
        await messaging.sql(insert, uuid4(), who)
    for role in ("student", "partner"):
        found = await as_role(messaging, role, str(me), "select recipient_id from message")
        assert {row["recipient_id"] for row in found} == {me}
        assert await as_role(messaging, role, "", "select * from message") == []
    assert len(await as_role(messaging, "admin", str(uuid4()), "select * from message")) >= 2


@pytest.mark.parametrize("role", ["student", "partner", "admin"])
@pytest.mark.parametrize(
    "statement", ["update message set status = 'sent'", "delete from message", "select * from person", "insert into message default values"]
)
async def test_nobody_but_the_system_writes_or_reads_addresses(messaging, role, statement):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await as_role(messaging, role, str(uuid4()), statement)
