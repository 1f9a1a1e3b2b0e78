"""What a person leaves in the chassis' tables and among dead letters can be taken out, and the chain still verifies."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest_asyncio
from chassis import audit, erasure
from chassis.audit_verify import verify
from chassis.deadletters import DeadLetters
from chassis.envelope import Delivery
from chassis.inbox import Applier, Inbox
from chassis.outbox import bury, publish, replay
from chassis.principal import Caller, Principal
from chassis.topics import records_of
from contracts.people import LAST_REVISION, UserChanged
from contracts.topics import Topic
from dev.erasing import where
from dev.harness import eventually
from dev.testing import create_topics
from test_outbox import Relaying
from toy.app import NoteWritten

AGENT = "Browser-of-Somebody/1"
WAITS = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
PEOPLE = [Topic("user.changed", 3, {"cleanup.policy": "compact"}), Topic("user.changed.dlq", 1, {})]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bare(start_service):
    """A toy's database of these tests' own: they seal its chain, and others fill theirs."""
    return await start_service("toy", topics=[Topic("note.written", 3, {}), Topic("note.written.dlq", 1, {})], start=False)


def from_(address):
    return Caller(address, AGENT, "r", "test")


async def test_what_was_noted_of_a_person_is_taken_out_and_the_chain_verifies(bare, database):
    gone, other = uuid4(), uuid4()
    for who, address in ((gone, "192.0.2.77"), (other, "192.0.2.78")):
        async with database.transaction(Principal("student", who), from_(address)) as tx:
            audit.record(tx, "note.write", "note", "n", subject_id=who, after={"body": f"words of {who}"})
    async with database.transaction() as tx:
        await audit.seal(tx)
    async with database.transaction(Principal("student", gone), from_("192.0.2.77")) as tx:
        audit.record(tx, "note.write", "note", "not sealed yet", subject_id=gone, after={"body": f"words of {gone}"})
    async with database.transaction(Principal("system", gone), from_("192.0.2.77")) as tx:
        audit.record(tx, "user.erase", "user", gone, subject_id=gone)
        await erasure.scrub(tx, gone)
    assert await where(bare.sql, "192.0.2.77", f"words of {gone}") == []
    assert await where(bare.sql, "192.0.2.78", f"words of {other}") == ["audit_entry"]
    left = await bare.sql("select action, object_id from audit_entry where actor = $1 order by id", str(gone))
    assert [row["action"] for row in left] == ["note.write", "note.write", "user.erase", "person.erase"]
    async with database.transaction() as tx:
        assert (await verify(tx)).broken_at is None
        await audit.seal(tx)
    async with database.transaction() as tx:
        found = await verify(tx)
    assert (found.broken_at, found.unsealed) == (None, 0)


async def test_who_seals_waits_for_what_is_being_taken_out(bare, database):
    """Else it would seal proofs of what is not there any more."""
    gone = uuid4()
    async with database.transaction(Principal("student", gone), from_("192.0.2.82")) as tx:
        audit.record(tx, "note.write", "note", "n", subject_id=gone, after={"body": "words"})

    async def seal():
        async with database.transaction() as tx:
            await audit.seal(tx)

    async with database.transaction() as tx:
        await erasure.scrub(tx, gone)
        sealing = asyncio.create_task(seal())
        await eventually(lambda: bare.sql(WAITS))
    await sealing
    async with database.transaction() as tx:
        found = await verify(tx)
    assert (found.broken_at, found.reason) == (None, None)


async def test_what_the_system_did_for_a_person_nobody_knew_yet_loses_its_origin(bare, database):
    gone = uuid4()
    async with database.transaction(caller=from_("192.0.2.79")) as tx:
        audit.record(tx, "user.sign-up", "user", gone, subject_id=gone)
    async with database.transaction() as tx:
        await audit.seal(tx)
        await erasure.scrub(tx, gone)
    assert await where(bare.sql, "192.0.2.79") == []
    async with database.transaction() as tx:
        assert (await verify(tx)).broken_at is None


async def test_where_a_partner_read_from_and_kept_answers_go(bare, database):
    gone, student = uuid4(), uuid4()
    async with database.transaction(Principal("partner", gone), from_("192.0.2.80")) as tx:
        tx.disclosed.add(student)
        tx.answer = (uuid4(), str(gone), "POST /x", b"h", 201, "{}", b"answered-by-eighty")
    async with database.transaction(Principal("admin", uuid4()), from_("192.0.2.81")) as tx:
        tx.answer = (uuid4(), str(tx.principal.id), "POST /y", b"h", 201, "{}", f'{{"id": "{gone}", "name": "named-by-admin"}}'.encode())
    async with database.transaction() as tx:
        await erasure.scrub(tx, gone)
    assert await where(bare.sql, "192.0.2.80", "answered-by-eighty", "named-by-admin") == []
    assert len(await bare.sql("select 1 from disclosure where reader_id = $1", gone)) == 1


async def test_events_of_a_key_are_not_replayed_once_they_are_forgotten(bare, database):
    gone, other = uuid4(), uuid4()
    async with database.transaction() as tx:
        for key in (gone, other):
            publish(tx, NoteWritten(note_id=key, revision=1, body=f"told of {key}"))
    await bare.sql("update outbox set published_at = now()")
    async with database.transaction() as tx:
        await erasure.forget_events(tx, NoteWritten.topic, gone)
        publish(tx, NoteWritten(note_id=gone, revision=2, body="nothing"))
    await bare.sql("update outbox set published_at = now()")
    async with database.transaction() as tx:
        await replay(tx)
    waiting = await bare.sql("select value from outbox where key = any($1) and published_at is null", [str(gone), str(other)])
    assert sorted(row["value"].partition('"body":')[2] for row in waiting) == sorted(['"nothing"}', f'"told of {other}"}}'])


async def test_a_tombstone_is_a_record_without_a_value_and_reads_as_erased(bare, database, kafka):
    await create_topics(kafka, PEOPLE)
    await bare.sql("alter table outbox alter column value drop not null")
    told = UserChanged.erased(uuid4(), 3, datetime.now(UTC))
    async with Relaying(database, kafka):
        async with database.transaction() as tx:
            publish(tx, told)
            bury(tx, told)
        await eventually(
            lambda: bare.sql("select 1 from outbox where key = $1 and value is null and published_at is not null", told.key_text)
        )
    records = await of_key(kafka, told.key_text)
    assert [record.value is None for record in records] == [False, True]
    heard = []
    inbox = Inbox(f"tombs-{uuid4()}")

    @inbox.on(UserChanged)
    async def hear(tx, event):
        heard.append((event.user_id, event.status, event.revision, event.name))

    await Applier(inbox, database, DeadLetters(kafka)).apply([Delivery.of(record) for record in records])
    assert heard == [(told.user_id, "erased", 3, ""), (told.user_id, "erased", LAST_REVISION, "")]


async def of_key(kafka, key):
    """The records of user.changed with that key, in order."""
    return [record async for record in records_of(kafka, "user.changed") if record.key == key.encode()]


async def letters(kafka):
    """The values that lie among the dead letters of user.changed, whoever set them aside."""
    return [record.value async for record in records_of(kafka, "user.changed.dlq")]


async def test_a_tombstone_takes_the_dead_letters_of_its_key_and_no_others(database, kafka):
    await create_topics(kafka, PEOPLE)
    gone, other = uuid4(), uuid4()
    dead, inbox = DeadLetters(kafka), Inbox(f"buries-{uuid4()}")
    put = [
        (gone, b"name of the erased", inbox.consumer), (other, b"name of another", inbox.consumer),
        (uuid4(), f"said of {gone}".encode(), inbox.consumer), (gone, b"older than the tombstone", "elsewhere"),
        (other, b"another, later", inbox.consumer), (gone, None, "elsewhere"),
    ]  # fmt: skip
    for offset, (key, value, consumer) in enumerate(put):
        await dead.put(Delivery.at("user.changed", 0, offset, str(key).encode(), value, []), consumer, ValueError("bad"))

    @inbox.on(UserChanged)
    async def hear(tx, event):
        return

    tombstone = Delivery.at("user.changed", 0, 9, str(gone).encode(), None, [("ce_id", str(uuid4()).encode())])
    for _ in range(2):
        await Applier(inbox, database, dead).apply([tombstone])
        assert (await letters(kafka))[-3:] == [b"name of another", b"another, later", None]
        assert not {b"name of the erased", b"older than the tombstone", f"said of {gone}".encode()} & {*await letters(kafka)}
    read = [letter.delivery.offset async for letter in dead.read(["user.changed"], inbox.consumer)]
    await dead.close()
    assert read == [1, 4]


async def test_consumers_that_forget_at_the_same_moment_bring_nothing_of_each_other_back(kafka):
    await create_topics(kafka, PEOPLE)
    gone, other = str(uuid4()).encode(), str(uuid4()).encode()
    dead = [DeadLetters(kafka) for _ in range(6)]
    for offset, one in enumerate(dead):
        for key, value in ((gone, b"name of the erased"), (other, b"name of who stays")):
            await one.put(Delivery.at("user.changed", 1, offset, key, value, []), f"at-once-{offset}", ValueError("bad"))
    await asyncio.gather(*(one.forget("user.changed", gone) for one in dead))
    assert b"name of the erased" not in await letters(kafka)
    for offset, one in enumerate(dead):
        assert [letter.delivery.key async for letter in one.read(["user.changed"], f"at-once-{offset}")] == [other]
        await one.close()


async def test_a_tombstone_that_cannot_be_applied_is_set_aside_and_stays(database, kafka):
    await create_topics(kafka, PEOPLE)
    dead, inbox = DeadLetters(kafka), Inbox(f"fails-{uuid4()}")

    @inbox.on(UserChanged)
    async def hear(tx, event):
        raise ValueError("not today")

    tombstone = Delivery.at("user.changed", 0, 11, str(uuid4()).encode(), None, [("ce_id", str(uuid4()).encode())])
    await Applier(inbox, database, dead).apply([tombstone])
    read = [letter.error async for letter in dead.read(["user.changed"], inbox.consumer)]
    await dead.close()
    assert read == ["ValueError: not today"]


async def test_a_tombstone_whose_key_is_nobodys_is_set_aside(database, kafka):
    await create_topics(kafka, PEOPLE)
    dead, inbox = DeadLetters(kafka), Inbox(f"nobodys-{uuid4()}")

    @inbox.on(UserChanged)
    async def hear(tx, event):
        raise AssertionError("this is nobody's")

    headers = [("ce_id", str(uuid4()).encode())]
    await Applier(inbox, database, dead).apply([Delivery.at("user.changed", 0, 10, b"no uuid", None, headers)])
    read = [letter.error async for letter in dead.read(["user.changed"], inbox.consumer)]
    await dead.close()
    assert len(read) == 1
