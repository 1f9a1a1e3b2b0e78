"""Once only, in order, and nothing that comes in can stop the rest."""

import asyncio
import os
import subprocess
import sys
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from chassis.deadletters import DeadLetters
from chassis.envelope import Delivery
from chassis.inbox import Applier, Inbox
from chassis.outbox import publish
from chassis.patience import RetriesExhaustedError
from dev.harness import eventually, send
from toy.app import NoteWritten, inbox

GOOD = {"ce_type": b"note.written", "ce_source": b"toy", "ce_dataschema": b"urn:chairside:event:note.written:v1"}


def note(body="hello"):
    return NoteWritten(note_id=uuid4(), revision=1, body=body)


async def told(toy, event):
    return await eventually(lambda: toy.sql("select * from told where note_id = $1", event.note_id))


async def raw(kafka, value, headers):
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        return await producer.send_and_wait("note.written", value, key=b"k", partition=0, headers=list(headers.items()))


async def dead_letter(kafka, where):
    consumer = AIOKafkaConsumer("note.written.dlq", bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    async with asyncio.timeout(20), consumer:
        async for record in consumer:
            found = dict(record.headers)
            if (int(found["dlq_partition"]), int(found["dlq_offset"])) == (where.partition, where.offset):
                return record, found


async def test_a_copy_changes_nothing(toy, kafka):
    event = note()
    (message_id,) = await send(kafka, "toy", event)
    await told(toy, event)
    await send(kafka, "toy", event, message_id=message_id)
    after = note()
    await send(kafka, "toy", after)
    await told(toy, after)
    await asyncio.sleep(0.3)
    assert (await told(toy, event))[0]["times"] == 1


async def test_copies_within_one_batch_run_once(database, kafka):
    event = note("twin")
    headers = [*GOOD.items(), ("ce_id", str(uuid4()).encode())]
    copies = [Delivery.at("note.written", 0, offset, b"k", event.to_json(), headers) for offset in range(3)]
    await Applier(inbox, database, DeadLetters(kafka)).apply(copies)
    async with database.transaction() as tx:
        assert await tx.scalar("select times from told where note_id = :id", {"id": event.note_id}) == 1


async def test_what_cannot_be_read_is_set_aside_whole_and_stops_nothing(toy, kafka):
    bad = [
        (b"{not json", GOOD | {"ce_id": str(uuid4()).encode()}),
        (b'{"note_id": "no uuid"}', GOOD | {"ce_id": str(uuid4()).encode()}),
        (note().to_json(), GOOD | {"ce_id": str(uuid4()).encode(), "x": b"\xff\xfe"}),
        (note().to_json(), GOOD | {"ce_dataschema": b"urn:chairside:event:note.written:v9"}),
        (note().to_json(), GOOD | {"ce_type": b"note.burnt"}),
        (note().to_json(), {}),
        (None, GOOD),
        (b"[" * 100000, GOOD),
    ]
    places = [await raw(kafka, value, headers) for value, headers in bad]
    after = note("still going")
    await send(kafka, "toy", after)
    await told(toy, after)
    for place, (value, headers) in zip(places, bad, strict=True):
        record, found = await dead_letter(kafka, place)
        assert record.value == value
        assert {name: found[name] for name in headers} == headers
        assert found["dlq_consumer"] == b"toy"
        assert found["dlq_topic"] == b"note.written"
        assert found["dlq_error"]


BAD_NAME = """
import asyncio, sys
from aiokafka import AIOKafkaProducer

class Name(str):
    def encode(self, *_):
        return b"x-\\xff"

async def main():
    async with AIOKafkaProducer(bootstrap_servers=sys.argv[1]) as producer:
        place = await producer.send_and_wait("note.written", sys.argv[2].encode(), partition=0, headers=[(Name("x"), b"v")])
        print(place.offset)

asyncio.run(main())
"""


async def test_a_header_name_that_is_not_utf_8_stops_nothing(toy, kafka):
    """Only aiokafka's pure Python writer can be made to send one."""
    before, bad, after = [note() for _ in range(5)], note("bad name"), [note() for _ in range(5)]
    await send(kafka, "toy", *before)
    sender = [sys.executable, "-c", BAD_NAME, kafka, bad.to_json().decode()]
    sent = await asyncio.to_thread(subprocess.run, sender, env=os.environ | {"AIOKAFKA_NO_EXTENSIONS": "1"}, capture_output=True, text=True)
    await send(kafka, "toy", *after)
    for event in [*before, *after]:
        assert (await told(toy, event))[0]["times"] == 1
    record, found = await dead_letter(kafka, SimpleNamespace(partition=0, offset=int(sent.stdout)))
    assert record.value == bad.to_json()
    assert found["x-\\xff"] == b"v"
    assert b"is not UTF-8" in found["dlq_error"]


async def test_poison_is_listed_and_redriven_once(toy, kafka):
    poison, good = note("poison for now"), note("fine")
    await send(kafka, "toy", poison, good)
    await told(toy, good)
    listed = await asyncio.to_thread(toy.run, "dead-letters", "list")
    assert "ValueError: this note cannot be heard" in listed.stdout, listed
    again = toy.run("dead-letters", "redrive")
    assert "failed again: ValueError: this note cannot be heard" in again.stdout, again.stderr
    assert await toy.sql("select * from told where note_id = $1", poison.note_id) == []


async def test_a_letter_whose_cause_was_mended_is_applied_once(toy, kafka):
    refused, good = note("refused for now"), note("fine")
    await toy.sql("alter table told add constraint no_refused check (last <> 'refused for now') not valid")
    await send(kafka, "toy", refused, good)
    await told(toy, good)
    await toy.sql("alter table told drop constraint no_refused")
    first, second = toy.run("dead-letters", "redrive"), toy.run("dead-letters", "redrive")
    assert (first.stdout.count("applied now"), second.stdout.count("applied now")) == (1, 0), first.stdout + first.stderr
    assert [row["times"] for row in await toy.sql("select times from told where note_id = $1", refused.note_id)] == [1]


async def test_a_passing_fault_is_tried_again_and_loses_nothing(toy, kafka):
    blocker, held = note("held"), note("after")
    await send(kafka, "toy", blocker)
    await told(toy, blocker)
    await toy.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'toy' and datname = current_database()")
    await send(kafka, "toy", held)
    assert (await told(toy, held))[0]["times"] == 1


async def test_without_the_database_nothing_is_lost(database, kafka):
    """The batch is tried again until the table is there; what comes out is one application."""
    event = note("patience")
    delivery = Delivery.at("note.written", 0, 0, b"k", event.to_json(), [*GOOD.items(), ("ce_id", str(UUID(int=7)).encode())])
    tries = 0

    class Flaky(Applier):
        async def _in_one_transaction(self, deliveries):
            nonlocal tries
            tries += 1
            if tries < 3:
                raise ConnectionResetError("gone for a moment")
            await super()._in_one_transaction(deliveries)

    await Flaky(inbox, database, DeadLetters(kafka)).apply([delivery])
    async with database.transaction() as tx:
        assert await tx.scalar("select times from told where note_id = :id", {"id": event.note_id}) == 1
    assert tries == 3


def numbered(keys, each):
    """So many notes of each key, numbered, the keys in turns."""
    return [
        Delivery.at("note.written", 0, number, f"{number % keys}".encode(), note(f"{number}").to_json(),
                    [*GOOD.items(), ("ce_id", str(uuid4()).encode())])
        for number in range(keys * each)
    ]  # fmt: skip


async def test_a_large_batch_goes_in_lanes_at_once_and_each_key_in_its_order_in_one(database, kafka):
    laned, lanes, both = Inbox("toy-lanes", lanes=2), [], asyncio.Barrier(2)
    deliveries = numbered(keys=11, each=20)
    key_of = {delivery.value: delivery.key for delivery in deliveries}

    @laned.on_set(NoteWritten)
    async def hear(tx, events):
        async with asyncio.timeout(20):
            await both.wait()
        lanes.append([(key_of[event.to_json()], int(event.body)) for event in events])

    await Applier(laned, database, DeadLetters(kafka)).apply(deliveries)
    one, other = ({key for key, _ in lane} for lane in lanes)
    assert len(one | other) == 11
    assert not one & other
    assert all([number for _, number in lane] == sorted(number for _, number in lane) for lane in lanes)


async def test_a_lane_that_gives_up_waits_for_the_others(database, kafka):
    laned, done = Inbox("toy-lanes-2", lanes=2), []
    laned.on_set(NoteWritten)(lambda tx, events: None)

    class Halting(Applier):
        async def _in_one_transaction(self, deliveries):
            if any(delivery.key == b"0" for delivery in deliveries):
                raise RetriesExhaustedError
            await asyncio.sleep(0.2)
            done.extend(deliveries)

    with pytest.raises(RetriesExhaustedError):
        await Halting(laned, database, DeadLetters(kafka)).apply(numbered(keys=11, each=20))
    assert done


async def test_what_a_set_brings_about_goes_on_in_the_trace_of_the_event_with_its_key(bare, database, kafka):
    sets = Inbox("toy-sets")

    @sets.on_set(NoteWritten)
    async def hear(tx, events):
        for event in events:
            publish(tx, event.model_copy(update={"revision": 2}))

    notes = [note() for _ in range(2)]
    traces = {event.key_text: uuid4().hex for event in notes}
    deliveries = [
        Delivery.at("note.written", 0, n, event.key_text.encode(), event.to_json(), [*GOOD.items(), ("ce_id", str(uuid4()).encode()),
                    ("traceparent", f"00-{traces[event.key_text]}-00f067aa0ba902b7-01".encode())])
        for n, event in enumerate(notes)
    ]  # fmt: skip
    await Applier(sets, database, DeadLetters(kafka)).apply(deliveries)
    found = await bare.sql("select key, traceparent from outbox where key = any($1)", list(traces))
    assert {row["key"]: row["traceparent"].split("-")[1] for row in found} == traces
