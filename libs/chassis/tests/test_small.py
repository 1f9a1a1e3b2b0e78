"""Settings, storage, and a process that stops when it is asked to."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest
from chassis.errors import NotFound
from chassis.storage import Storage
from dev.harness import eventually
from dev.processes import free_port


@pytest.mark.parametrize("scheme", ["file", "memory"])
async def test_a_file_comes_back_as_it_was_put(tmp_path, scheme):
    storage = Storage(f"file://{tmp_path}/new" if scheme == "file" else "memory:///")
    await storage.put("a/b.bin", b"\x00\x01")
    assert await storage.get("a/b.bin") == b"\x00\x01"
    await storage.delete("a/b.bin")
    await storage.delete("a/b.bin")
    with pytest.raises(NotFound):
        await storage.get("a/b.bin")


def test_a_missing_or_malformed_setting_stops_the_start_with_a_sentence_that_names_it():
    env = {name: value for name, value in os.environ.items() if not name.startswith("CHAIRSIDE_")}
    env |= {"CHAIRSIDE_DATABASE_URL": "mysql://x", "CHAIRSIDE_KAFKA": "127.0.0.1:1"}
    ended = subprocess.run([sys.executable, "-m", "toy", "serve"], env=env, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert "CHAIRSIDE_DATABASE_URL is not usable" in ended.stderr
    assert "CHAIRSIDE_JWKS_URL is not set" in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_a_process_stops_within_twenty_seconds(start_service):
    from contracts.topics import Topic

    toy = await start_service("toy", topics=[Topic("note.written", 3, {})])
    started = time.monotonic()
    toy.kill(signal.SIGTERM)
    assert toy.process.returncode in (0, -signal.SIGTERM)
    assert time.monotonic() - started < 20


async def test_without_kafka_it_waits_and_says_so(start_service):
    from contracts.topics import Topic

    nowhere = f"127.0.0.1:{free_port()}"
    toy = await start_service("toy", topics=[Topic("note.written", 3, {})], env={"CHAIRSIDE_KAFKA": nowhere}, start=False)
    toy.spawn()
    await eventually(lambda: asyncio.to_thread(lambda: "waits for Kafka" in toy.log.read_text()))
    missing = (await toy.client().get("/readyz")).json()["missing"]
    assert nowhere in missing["relay"]
    assert nowhere in missing["consumer toy"]
    assert 'readiness_lacks{what="relay"} 1.0' in (await toy.client().get("/metrics")).text
