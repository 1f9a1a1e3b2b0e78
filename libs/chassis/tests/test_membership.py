"""A consumer that its group has lost, or that reads no more, finds its way back by itself, whatever aiokafka keeps to itself.

So do connections that are reset under uvloop.
"""

import asyncio
import contextlib
from uuid import uuid4

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest
from chassis import consumer
from chassis.closed import expect_closed_connections
from chassis.consumer import Consumer
from chassis.deadletters import DeadLetters
from chassis.inbox import Applier, Inbox
from dev.harness import eventually, send
from toy.app import NoteWritten


def deaf(reader):
    """As after a connection that was reset in the wrong moment: nothing is fetched any more."""
    reader._fetcher._fetch_task.cancel()


def blind(reader):
    """Nobody looks for the partitions' leaders any more."""
    reader._client._sync_task.cancel()


def outside(reader):
    """As after a broker's restart (aiokafka issue 1154): no heartbeat and no rejoining."""
    reader._coordinator._heartbeat_task.cancel()


@pytest.mark.parametrize("struck", [deaf, blind, outside])
async def test_a_consumer_that_cannot_go_on_starts_over(database, kafka, monkeypatch, struck):
    monkeypatch.setattr(consumer, "LOOK_EVERY", 0.1)
    monkeypatch.setattr(consumer, "OUTSIDE_AFTER", 1.0)
    heard = []
    lost = Inbox(f"lost-{struck.__name__}")

    @lost.on(NoteWritten, sources=["toy"])
    async def hear(tx, event):
        heard.append(event.note_id)

    running = Consumer(Applier(lost, database, DeadLetters(kafka)), kafka)
    work = asyncio.create_task(running.run())
    try:
        await eventually(lambda: asyncio.sleep(0, running.joined and running._inside()))
        first = running._subscriber.consumer
        struck(first)
        await eventually(lambda: asyncio.sleep(0, running._subscriber.consumer is not first and running.joined))
        note = uuid4()
        await send(kafka, "toy", NoteWritten(note_id=note, revision=1, body="found again"))
        await eventually(lambda: asyncio.sleep(0, note in heard))
        assert heard.count(note) == 1
    finally:
        await running.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await work


async def write_while_it_closes(kafka):
    """What a connection says to each request of the moments after its reset, as services run it."""
    host, _, port = kafka.partition(":")
    connection = await create_conn(host, int(port))
    connection._writer.transport.abort()
    asked = []
    for _ in range(10):
        asked.append(asyncio.create_task(ask(connection)))
        await asyncio.sleep(0)
    return {type(one) for one in await asyncio.gather(*asked, return_exceptions=True)}


async def ask(connection):
    await connection.send(MetadataRequest([]))


def test_a_connection_that_was_just_reset_is_one_to_try_again(kafka, monkeypatch):
    monkeypatch.setattr(AIOKafkaConnection, "send", AIOKafkaConnection.send)
    expect_closed_connections()
    assert uvloop.run(write_while_it_closes(kafka)) == {KafkaConnectionError}
