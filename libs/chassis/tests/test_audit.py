"""The chain finds an edit, a deletion, an insertion, a reorder and a truncated tail, whoever did it."""

from uuid import uuid4

import pytest
from chassis import audit
from chassis.audit import GENESIS, link
from chassis.principal import Principal


@pytest.fixture
async def chain(start_service):
    """A database of its own with ten sealed entries."""
    from chassis.database import Database
    from contracts.topics import Topic

    toy = await start_service("toy", topics=[Topic("note.written", 3, {})], start=False)
    database = Database(toy.database.login_url, "toy")
    async with database.transaction(Principal("student", uuid4())) as tx:
        for number in range(10):
            audit.record(tx, "note.write", "note", str(number), after={"number": number})
    async with database.transaction() as tx:
        assert await audit.seal(tx) == 10
    yield toy, database
    await database.close()


async def found(database, **how):
    async with database.transaction() as tx:
        return await audit.verify(tx, **how)


async def test_a_whole_chain_verifies_and_grows(chain):
    _, database = chain
    first = await found(database)
    assert (first.entries, first.unsealed, first.broken_at) == (10, 0, None)
    async with database.transaction() as tx:
        audit.record(tx, "note.write", "note", "eleven")
    assert (await found(database)).unsealed == 1
    async with database.transaction() as tx:
        await audit.seal(tx)
    assert (await found(database, known_head=(10, first.head))).entries == 11


@pytest.mark.parametrize(
    ("tampering", "broken_at"),
    [
        ("update audit_entry set object_id = 'other' where position = 4", 4),
        ("update audit_entry set after = '{\"number\": 99}' where position = 7", 7),
        ("delete from audit_entry where position = 5", 5),
        ("update audit_entry set position = case position when 2 then 3 else 2 end * -1 where position in (2, 3)", 2),
    ],
)
async def test_tampering_is_named(chain, tampering, broken_at):
    toy, database = chain
    await toy.sql(tampering)
    await toy.sql("update audit_entry set position = -position where position < 0")
    assert (await found(database)).broken_at == broken_at


async def test_an_inserted_entry_is_named(chain):
    toy, database = chain
    await toy.sql("update audit_entry set position = -position - 1 where position > 5")
    await toy.sql("update audit_entry set position = -position where position < 0")
    columns = "actor, actor_kind, action, object_type, object_id, position, hash"
    await toy.sql(f"insert into audit_entry ({columns}) values ('x', 'x', 'x', 'x', 'x', 6, '00')")
    assert (await found(database)).broken_at == 6


async def test_a_cut_tail_and_a_rewritten_chain_show_against_a_published_head(chain):
    toy, database = chain
    head = await found(database)
    await toy.sql("delete from audit_entry where position > 8")
    assert (await found(database)).broken_at is None
    assert (await found(database, known_head=(10, head.head))).reason == "the tail was cut off"
    rows = await toy.sql("select * from audit_entry order by position")
    previous = GENESIS
    for row in rows:
        entry = dict(row) | {"object_id": "forged"}
        previous = link(previous, row["position"], entry)
        await toy.sql("update audit_entry set object_id = 'forged', hash = $2 where id = $1", row["id"], previous)
    async with database.transaction() as tx:
        for _ in range(2):
            audit.record(tx, "note.write", "note", "again")
    async with database.transaction() as tx:
        await audit.seal(tx)
    assert (await found(database)).broken_at is None
    assert "rewritten" in (await found(database, known_head=(10, head.head))).reason


async def test_nobody_but_the_system_may_touch_the_trail(chain):
    toy, database = chain
    for statement in ("update audit_entry set action = 'x'", "delete from audit_entry", "select * from audit_entry"):
        with pytest.raises(Exception, match="permission denied"):
            async with database.transaction(Principal("student", uuid4())) as tx:
                await tx.execute(statement)
    with pytest.raises(Exception, match="permission denied"):
        async with database.transaction() as tx:
            await tx.execute("update audit_entry set action = 'x'")
    answer = toy.run("audit", "verify")
    assert answer.returncode == 0, answer.stderr
    assert "10 entries verified" in answer.stdout
