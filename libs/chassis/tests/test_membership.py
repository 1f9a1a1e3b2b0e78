"""A consumer that its group has lost, or that reads no more, finds its way back by itself, whatever aiokafka keeps to itself."""

import asyncio
import contextlib
from uuid import uuid4

import pytest
from chassis import consumer
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
