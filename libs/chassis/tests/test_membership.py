"""A consumer that its group has lost without noticing finds its way back by itself."""

import asyncio
import contextlib
from uuid import uuid4

from chassis import consumer
from chassis.consumer import Consumer
from chassis.deadletters import DeadLetters
from chassis.inbox import Applier, Inbox
from dev.harness import eventually, send
from toy.app import NoteWritten


async def test_a_consumer_whose_coordinator_waits_for_ever_starts_over(database, kafka, monkeypatch):
    """As after a broker's restart (aiokafka issue 1154): no heartbeat, no rejoining, and nothing that says so."""
    monkeypatch.setattr(consumer, "LOOK_EVERY", 0.1)
    monkeypatch.setattr(consumer, "OUTSIDE_AFTER", 1.0)
    heard = []
    lost = Inbox("lost")

    @lost.on(NoteWritten, sources=["toy"])
    async def hear(tx, event):
        heard.append(event.note_id)

    running = Consumer(Applier(lost, database, DeadLetters(kafka)), kafka)
    work = asyncio.create_task(running.run())
    try:
        await eventually(lambda: asyncio.sleep(0, running.joined and running._inside()))
        first = running._subscriber.consumer
        coordinator = first._coordinator
        for task in (coordinator._coordination_task, coordinator._heartbeat_task):
            task.cancel()
        await eventually(lambda: asyncio.sleep(0, running._subscriber.consumer is not first and running.joined))
        note = uuid4()
        await send(kafka, "toy", NoteWritten(note_id=note, revision=1, body="found again"))
        await eventually(lambda: asyncio.sleep(0, note in heard))
    finally:
        await running.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await work
