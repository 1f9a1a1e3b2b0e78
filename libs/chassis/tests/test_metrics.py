"""What an operator's alerts stand on is there from the start, and stays true when nothing gets on."""

import asyncio
import contextlib
import time
from uuid import uuid4

import pytest
from chassis import consumer, outbox, relay
from chassis.consumer import Consumer
from chassis.deadletters import DeadLetters
from chassis.inbox import Applier, Inbox
from chassis.telemetry import limit_of_memory
from dev.harness import eventually, send
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from toy.app import NoteWritten

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def series_of(text: str) -> Series:
    """Every sample by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
async def series(toy) -> Series:
    """What the toy serves at `/metrics`."""
    return series_of((await toy.client().get("/metrics")).text)


def only(series: Series, name: str) -> float:
    """The value of a metric without labels."""
    return series[name, frozenset()]


def now(name: str) -> float:
    """The value of a metric of this very process."""
    return REGISTRY.get_sample_value(name) or 0.0


async def test_a_first_failure_is_an_increase_because_its_series_is_there_before(series):
    assert ("dead_letters_total", frozenset({("consumer", "toy"), ("topic", "note.written")})) in series
    assert ("inbox_retries_total", frozenset({("consumer", "toy")})) in series
    assert ("job_runs_total", frozenset({("name", "forget-idempotency-keys"), ("outcome", "failed")})) in series


async def test_sealer_and_scheduler_say_when_they_last_got_on(series):
    for name in ("audit_all_sealed_timestamp_seconds", "scheduler_looked_timestamp_seconds"):
        assert abs(time.time() - only(series, name)) < 30, name


async def test_a_ready_process_lacks_nothing(series):
    assert not [name for name, _ in series if name == "readiness_lacks"]


async def test_the_outbox_is_measured_although_no_relay_gets_on(database):
    async with database.transaction() as tx:
        outbox.publish(tx, NoteWritten(note_id=uuid4(), revision=1, body="waits"))
    watching = asyncio.create_task(relay.measure(database))
    try:
        assert await eventually(lambda: asyncio.sleep(0, now("outbox_depth") >= 1 and now("outbox_age_seconds") > 0))
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        async with database.transaction() as tx:
            await tx.execute("update outbox set published_at = now() where published_at is null")


async def test_what_a_consumer_has_in_hand_is_behind_until_it_is_applied(database, kafka, monkeypatch):
    monkeypatch.setattr(consumer, "LOOK_EVERY", 0.1)
    applied = asyncio.Event()

    class Hanging(Applier):
        async def apply(self, deliveries):
            await applied.wait()

    slow = Inbox("slow")
    slow.on(NoteWritten)(None)
    labels = {"consumer": "slow", "topic": "note.written"}
    running = Consumer(Hanging(slow, database, DeadLetters(kafka)), kafka)
    task = asyncio.create_task(running.run())
    try:
        await send(kafka, "toy", NoteWritten(note_id=uuid4(), revision=1, body="hangs"))
        await eventually(lambda: asyncio.sleep(0, running.busy))
        await eventually(lambda: asyncio.sleep(0, REGISTRY.get_sample_value("consumer_lag", labels) or 0.0))
        await asyncio.sleep(0.5)
        assert REGISTRY.get_sample_value("consumer_lag", labels) >= 1
        applied.set()
        await eventually(lambda: asyncio.sleep(0, REGISTRY.get_sample_value("consumer_lag", labels) == 0))
    finally:
        applied.set()
        await running.stop()
        await asyncio.wait_for(task, 20)


@pytest.mark.parametrize(
    ("said", "bytes_"), [("335544320\n", 335544320), ("max\n", 0), ("9223372036854771712\n", 0)], ids=["a limit", "none", "none, version 1"]
)
def test_the_limit_of_memory_is_that_of_the_control_group(tmp_path, said, bytes_):
    (tmp_path / "limit").write_text(said)
    assert limit_of_memory([tmp_path / "absent", tmp_path / "limit"]) == bytes_


def test_without_a_control_group_there_is_no_limit(tmp_path):
    assert limit_of_memory([tmp_path / "absent"]) == 0
