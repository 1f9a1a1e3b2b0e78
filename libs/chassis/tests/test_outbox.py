"""Everything that was committed reaches Kafka, nothing that was not, in the order of each key, through one relay."""

import asyncio
import json
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from chassis.outbox import publish, replay
from chassis.relay import Relay
from dev.harness import eventually
from toy.app import NoteWritten


async def topic_from(kafka, starts):
    """Every record of note.written after `starts`, in the order of each partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    async with consumer:
        parts = [TopicPartition("note.written", n) for n in range(3)]
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        if starts is None:
            return ends
        found = []
        for part in parts:
            consumer.seek(part, starts[part])
        while any([await consumer.position(part) < ends[part] for part in parts]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
        return found


class Relaying:
    def __init__(self, database, kafka):
        self.relay = Relay(database, kafka)

    async def __aenter__(self):
        self.task = asyncio.create_task(self.relay.run())
        return self.relay

    async def __aexit__(self, *_):
        await self.relay.stop()
        await asyncio.wait_for(self.task, 20)


async def all_published(database):
    async with database.transaction() as tx:
        return await tx.scalar("select count(*) = 0 from outbox where published_at is null")


async def write(database, key, number, pause=0.0):
    """One command: lock the aggregate, publish about it; the pause shuffles the commits."""
    async with database.transaction() as tx:
        await tx.execute("insert into told values (:id, 0, '') on conflict do nothing", {"id": key})
        count = await tx.scalar("update told set times = times + 1 where note_id = :id returning times", {"id": key})
        await asyncio.sleep(pause)
        publish(tx, NoteWritten(note_id=key, revision=count, body=f"{number}"))


async def test_the_order_of_each_key_is_the_order_of_its_commits(database, kafka):
    starts = await topic_from(kafka, None)
    keys = [uuid4() for _ in range(5)]
    async with Relaying(database, kafka):
        await asyncio.gather(*(write(database, keys[i % 5], i, (i * 7 % 10) / 500) for i in range(200)))
        await eventually(lambda: all_published(database))
    records = [json.loads(record.value) for record in await topic_from(kafka, starts)]
    for key in keys:
        assert [r["revision"] for r in records if r["note_id"] == str(key)] == list(range(1, 41))


async def test_a_lower_id_that_commits_late_is_not_lost(database, kafka):
    starts, early, late = await topic_from(kafka, None), uuid4(), uuid4()
    async with Relaying(database, kafka):
        async with database.transaction() as slow:
            columns = "message_id, topic, key, schema_uri, value"
            await slow.execute(f"insert into outbox ({columns}) values (uuidv7(), 'note.written', :k, 'x', '{{}}')", {"k": str(late)})
            await write(database, early, 1)

            async def overtaken():
                async with database.transaction() as tx:
                    return await tx.scalar("select published_at is not null from outbox where key = :k", {"k": str(early)})

            await eventually(overtaken)
        await eventually(lambda: all_published(database))
    assert {record.key.decode() for record in await topic_from(kafka, starts)} == {str(early), str(late)}


async def test_what_is_rolled_back_is_never_told(database, kafka):
    async with database.transaction() as tx:
        before = await tx.scalar("select count(*) from outbox")
    try:
        async with database.transaction() as tx:
            publish(tx, NoteWritten(note_id=uuid4(), revision=1, body="never"))
            raise LookupError
    except LookupError:
        pass
    async with database.transaction() as tx:
        assert await tx.scalar("select count(*) from outbox") == before


async def test_only_one_relay_is_active_and_the_other_takes_over(database, kafka):
    async with Relaying(database, kafka) as first:
        await eventually(lambda: asyncio.sleep(0, first.active))
        async with Relaying(database, kafka) as second:
            await asyncio.sleep(1.5)
            assert (first.active, second.active) == (True, False)
            await first.stop()
            await eventually(lambda: asyncio.sleep(0, second.active))
            assert not first.active


async def test_replay_sends_the_same_messages_again(database, kafka):
    key = uuid4()
    starts = await topic_from(kafka, None)
    async with Relaying(database, kafka):
        await write(database, key, 1)
        await eventually(lambda: all_published(database))
        async with database.transaction() as tx:
            assert await replay(tx, topic="note.written") >= 1
        await eventually(lambda: all_published(database))
    ids = [dict(record.headers)["ce_id"] for record in await topic_from(kafka, starts) if record.key == str(key).encode()]
    assert len(ids) == 2
    assert len(set(ids)) == 1


async def test_a_relay_killed_between_send_and_mark_sends_the_same_again(database, kafka):
    """The mark fails once, as if the process had died there: the batch goes out twice, under the same ids, in order."""
    starts, key = await topic_from(kafka, None), uuid4()
    for number in range(20):
        await write(database, key, number)
    relay = Relay(database, kafka)
    sent, send = 0, relay._send

    async def send_and_die(producer, rows):
        nonlocal sent
        await send(producer, rows)
        sent += 1
        if sent == 1:
            raise ConnectionResetError("killed between send and mark")

    relay._send = send_and_die
    task = asyncio.create_task(relay.run())
    await eventually(lambda: all_published(database))
    await relay.stop()
    await task
    ids = [dict(record.headers)["ce_id"] for record in await topic_from(kafka, starts) if record.key == str(key).encode()]
    assert len(ids) == 40
    assert ids[:20] == ids[20:]


async def test_a_relay_whose_producer_delivers_no_more_starts_over_and_still_leads(database, kafka, monkeypatch):
    made = []
    start = AIOKafkaProducer.start

    async def remembered(producer):
        await start(producer)
        made.append(producer)

    async def broken(*_):
        raise RuntimeError("the handler is closed")

    monkeypatch.setattr(AIOKafkaProducer, "start", remembered)
    async with Relaying(database, kafka) as relay:
        await eventually(lambda: asyncio.sleep(0, relay.active))
        (first,) = made
        monkeypatch.setattr(first.client, "_metadata_update", broken)
        monkeypatch.setattr(first, "send_batch", lambda *_, **__: asyncio.Future())
        first.client.force_metadata_update()
        await eventually(lambda: asyncio.sleep(0, first.client._sync_task.done()))
        await write(database, uuid4(), 1)
        await eventually(lambda: all_published(database))
    assert len(made) == 2
