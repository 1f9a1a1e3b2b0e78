"""The chain finds an edit, a deletion, an insertion, a reorder, a cut tail and a rewritten chain, and tells them apart, whoever did it."""

import re
import signal
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from chassis.audit import GENESIS, link
from chassis.audit_heads import published
from chassis.audit_verify import verify
from chassis.database import Database
from chassis.principal import Principal
from contracts.topics import Topic
from dev.harness import Running, eventually

TOPICS = [Topic("note.written", 3, {}), Topic("note.written.dlq", 1, {}), Topic("audit.recorded", 6, {})]
TELLS = {"TOY_TELLS_OF_ITS_TRAIL": "1"}
ENTRIES = 10


@dataclass
class Trail:
    """A service with ten entries that are sealed and whose heads are on Kafka, and whoever owns its database."""

    toy: Running
    kafka: str

    async def owner(self, *statements: str) -> None:
        """Does what the owner of the database can do: he may switch off every guard, and moves rows as he likes."""
        connection = await asyncpg.connect(self.toy.database.admin_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def write_anew(self) -> None:
        """Changes an early entry and hashes everything after it again: in itself the chain is whole."""
        await self.owner("update audit_entry set object_id = 'forged' where position = 1")
        previous = GENESIS
        for row in await self.toy.sql("select * from audit_entry where position is not null order by position"):
            # before and after are hashed as the text that the database keeps
            previous = link(previous, row["position"], dict(row))
            await self.toy.sql("update audit_entry set hash = $2 where id = $1", row["id"], previous)

    def verify(self, *options: str) -> tuple[int, str]:
        """The exit code of the command line, and what it says."""
        done = self.toy.run("audit", "verify", *options)
        return done.returncode, (done.stdout if done.returncode == 0 else done.stderr.splitlines()[-1]).strip()

    async def told(self) -> int:
        """How many heads are on Kafka."""
        return (await published(self.kafka, "toy")).count


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def written(start_service, kafka):
    toy = await start_service("toy", topics=TOPICS, env=TELLS)
    trail = Trail(toy, kafka)
    writer = toy.client("student", uuid4())
    for number in range(ENTRIES):
        assert (await writer.post("/v1/notes", json={"body": f"note {number}"})).status_code == 201
    await eventually(lambda: _all(trail))
    # It leaves its consumer group, which it shares with every other toy.
    toy.kill(signal.SIGTERM)
    await trail.owner("create table kept as select * from audit_entry")
    yield trail
    toy.kill(signal.SIGTERM)


async def _all(trail):
    return await trail.told() == ENTRIES


@pytest_asyncio.fixture(loop_scope="session")
async def trail(written):
    """The trail, as it was before the test, whatever the one before did to it."""
    yield written
    columns = "id, at, actor, actor_kind, action, object_type, object_id, subject_id, ip, user_agent, request_id, trace_id"
    columns += ", before, after, position, hash, origin_salt, change_salt, origin_hash, change_hash"
    again = f"insert into audit_entry ({columns}) overriding system value select {columns} from kept"
    await written.owner("delete from audit_entry", again)


def swap(one: int, other: int) -> tuple[str, ...]:
    """Two entries change places, each with its hash."""
    return (
        f"update audit_entry set position = -position where position in ({one}, {other})",
        f"update audit_entry set position = {one + other} + position where position < 0",
    )


def shift(after: int, by: int) -> tuple[str, ...]:
    """Renumbers everything after a position."""
    return (
        f"update audit_entry set position = -position where position > {after}",
        f"update audit_entry set position = {by} - position where position < 0",
    )


PUT_IN = """insert into audit_entry (actor, actor_kind, action, object_type, object_id, position, hash)
            values ('x', 'x', 'x', 'x', 'x', 6, repeat('0', 64))"""
TAMPERING = {
    "edited": (
        ("update audit_entry set object_id = 'other' where position = 4",),
        "broken at 4: the entry was changed after it was sealed",
    ),
    "edited within": (
        ('update audit_entry set after = \'{"body": "nicer"}\' where position = 7',),
        "broken at 7: the entry was changed after it was sealed",
    ),
    "edited, the last": (
        ("update audit_entry set actor = 'x' where position = 10",),
        "broken at 10: the entry was changed after it was sealed",
    ),
    "deleted": (("delete from audit_entry where position = 5",), "broken at 5: an entry is missing: it was deleted"),
    "deleted and closed up": (
        ("delete from audit_entry where position = 5", *shift(5, -1)),
        "broken at 5: an entry is missing: it was deleted, and those after it were moved up to close the gap",
    ),
    "put in": ((*shift(5, 1), PUT_IN), "broken at 6: the entry was put in later: what was sealed here stands at 7"),
    "neighbours swapped": (swap(2, 3), "broken at 2: the order was changed: what was sealed here stands at 3"),
    "swapped": (swap(3, 8), "broken at 3: the order was changed: what was sealed here stands at 8"),
    "tail cut off": (
        ("delete from audit_entry where position > 8",),
        "broken at 9: the tail was cut off: the chain was published up to 10",
    ),
    "all deleted": (("delete from audit_entry",), "broken at 1: the tail was cut off: the chain was published up to 10"),
}


TAKE_OUT = {
    "where from": "update audit_entry set ip = null, user_agent = null, origin_salt = null where position = 4",
    "what changed": "update audit_entry set before = null, after = null, change_salt = null where position = 4",
}
ERASED = """insert into audit_entry (actor, actor_kind, action, object_type, object_id)
            select 'system', 'system', 'person.erase', 'person', {whose} from audit_entry where position = 4"""


@pytest.mark.parametrize("part", TAKE_OUT)
async def test_details_are_missing_only_of_somebody_who_was_erased(trail, part):
    await trail.owner(TAKE_OUT[part])
    missing = "details were taken out of the entry, and nobody was erased whom they concern"
    assert trail.verify() == (1, f"Error: broken at 4: {missing}")
    await trail.owner(ERASED.format(whose="uuidv7()::text"))
    assert trail.verify() == (1, f"Error: broken at 4: {missing}")
    await trail.owner(ERASED.format(whose="actor"))
    whole = (0, "10 entries verified against 10 published heads, 2 not sealed yet")
    told = trail.verify()
    # Nobody's records were concerned by what the toy's writers did, so only where from they did it may be missing.
    assert (told[0], told[1].partition(", head")[0]) == whole if part == "where from" else told == (1, f"Error: broken at 4: {missing}")


async def test_details_cannot_be_put_in_where_some_were_taken_out(trail):
    await trail.owner(TAKE_OUT["where from"], ERASED.format(whose="actor"))
    assert trail.verify()[0] == 0
    await trail.owner("update audit_entry set ip = '192.0.2.1' where position = 4")
    assert trail.verify() == (1, "Error: broken at 4: the entry was changed after it was sealed")


@pytest.mark.parametrize("how", TAMPERING)
async def test_tampering_is_named_by_its_own_sentence(trail, how):
    statements, sentence = TAMPERING[how]
    await trail.owner(*statements)
    assert trail.verify() == (1, f"Error: {sentence}")


async def test_a_chain_that_its_owner_wrote_anew_does_not_fit_what_was_published(trail):
    await trail.write_anew()
    rewritten = "the chain was written anew from here on: another hash was published for this position"
    assert trail.verify() == (1, f"Error: broken at 1: {rewritten}")
    database = Database(trail.toy.database.login_url, "toy")
    async with database.transaction(Principal("admin", uuid4())) as tx:
        assert (await verify(tx)).broken_at is None, "in itself it must be whole, or it is found without the heads"
    await database.close()


async def test_a_whole_chain_verifies_with_all_its_heads(trail):
    code, said = trail.verify()
    assert code == 0, said
    assert re.fullmatch(r"10 entries verified against 10 published heads, 0 not sealed yet, head 10:[0-9a-f]{64}", said)
    assert trail.verify("--head", said.split()[-1])[0] == 0
    assert trail.verify("--head", f"10:{'ab' * 32}") == (1, "Error: broken at 10: the chain was written anew: "
                                                            "two hashes were published for this position")  # fmt: skip
    assert trail.verify("--head", f"ten:{'ab' * 32}") == (1, f"Error: 0:{'ab' * 32} is not a head; a head is POSITION:HASH, in hexadecimal")


async def test_without_kafka_nobody_is_told_that_the_chain_is_whole(trail):
    env, trail.toy.env = trail.toy.env, trail.toy.env | {"CHAIRSIDE_KAFKA": "127.0.0.1:1"}
    code, said = trail.verify()
    trail.toy.env = env
    assert code == 1
    assert "does not give the published heads" in said


async def test_nobody_but_the_system_may_touch_the_trail(trail):
    database = Database(trail.toy.database.login_url, "toy")
    for statement in ("update audit_entry set action = 'x'", "delete from audit_entry", "select * from audit_entry"):
        with pytest.raises(Exception, match="permission denied"):
            async with database.transaction(Principal("student", uuid4())) as tx:
                await tx.execute(statement)
    with pytest.raises(Exception, match="permission denied"):
        async with database.transaction() as tx:
            await tx.execute("update audit_entry set action = 'x'")
    await database.close()


async def test_what_is_cut_off_and_sealed_again_was_published_twice(written):
    """The last one: it goes on with the chain, whose heads cannot be taken back."""
    await written.owner("delete from audit_entry where position > 8")
    await written.toy.start()
    writer, admin = written.toy.client("student", uuid4()), written.toy.client("admin", uuid4(), "admin")
    for number in range(3):
        await writer.post("/v1/notes", json={"body": f"afterwards {number}"})
    await eventually(lambda: _goes_on(written))
    twice = "the chain was written anew: two hashes were published for this position"
    assert written.verify() == (1, f"Error: broken at 9: {twice}")
    found = (await admin.get("/v1/audit/verification")).json()
    assert (found["broken_at"], found["reason"], found["compared"]) == (9, twice, 11)


async def _goes_on(trail):
    heads = await published(trail.kafka, "toy")
    return heads.last == 11 and heads.twice
