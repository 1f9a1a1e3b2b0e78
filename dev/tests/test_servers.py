"""The embedded servers through the doors that tests and the stack use."""

import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from dev.processes import free_port
from dev.testing import create_topics

from dev import kafka as kafka_server
from dev import postgres as postgres_server


@dataclass(frozen=True)
class Topic:
    name: str
    partitions: int = 2
    config: dict[str, str] = field(default_factory=lambda: {"cleanup.policy": "compact"})


async def test_a_message_survives_the_brokers_violent_death(tmp_path: Path) -> None:
    folder, port, controller = tmp_path / "kafka", free_port(), free_port()
    kafka_server.initialise(folder, port, controller)
    broker = kafka_server.start(folder, port, controller, log=tmp_path / "kafka.log")
    address = f"127.0.0.1:{port}"
    await create_topics(address, [Topic("kept.safe")])
    await create_topics(address, [Topic("kept.safe")])
    async with AIOKafkaProducer(bootstrap_servers=address, acks="all") as producer:
        await producer.send_and_wait("kept.safe", b"value", key=b"key")
    os.kill(broker.pid, signal.SIGKILL)
    broker.wait()
    broker = kafka_server.start(folder, port, controller, log=tmp_path / "kafka.log")
    try:
        async with AIOKafkaConsumer("kept.safe", bootstrap_servers=address, auto_offset_reset="earliest") as consumer:
            assert (await consumer.getone()).value == b"value"
    finally:
        assert kafka_server.stop_server(broker)


def test_a_half_written_kafka_folder_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "kafka"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "meta.properties").write_text("half")
    with kafka_server.running(folder, free_port()) as address:
        assert address


async def test_a_half_written_data_folder_is_made_anew_and_a_password_is_asked_for(tmp_path: Path) -> None:
    folder, port = tmp_path / "postgres", free_port()
    folder.mkdir()
    (folder / "PG_VERSION").write_text("18")
    with postgres_server.running(folder, port, password="right") as dsn:
        connection = await asyncpg.connect(dsn)
        assert await connection.fetchval("SHOW server_version") >= "18"
        await connection.close()
        try:
            await asyncpg.connect(postgres_server.dsn(port, password="wrong"))
        except asyncpg.InvalidPasswordError:
            pass
        else:
            raise AssertionError("a wrong password was taken")


async def test_the_number_of_a_killed_server_may_belong_to_another_process_by_now(tmp_path: Path) -> None:
    folder, port = tmp_path / "postgres", free_port()
    postgres_server.initialise(folder, durable=False)
    (folder / "postmaster.pid").write_text(f"{os.getppid()}\n{folder}\n0\n{port}\n\n127.0.0.1\n\nready\n")
    server = postgres_server.start(folder, port, log=tmp_path / "postgres.log", durable=False)
    connection = await asyncpg.connect(postgres_server.dsn(port))
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    assert postgres_server.stop_server(server)


async def test_the_session_fixtures_answer(postgres: str, kafka: str) -> None:
    connection = await asyncpg.connect(postgres)
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    await create_topics(kafka, [Topic("any.made")])
