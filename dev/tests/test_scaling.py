"""`./chairside scale`: as many processes with workers as were asked for, while the stack runs on."""

import asyncio
import importlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dev.live import Live, free_base, temporary_stack
from dev.live_processes import Processes
from dev.processes import Handle
from dev.stack import SERVICES, Stack
from dev.supervisor import Spec, Supervisor

from dev import state as states

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def running() -> Iterator[Live]:
    with temporary_stack() as live:
        yield live


def workers(live: Live) -> list[str]:
    return sorted(name for name in live.processes() if name.startswith("milady-sync"))


def test_workers_come_and_go_and_those_that_stay_are_the_same_processes(running: Live) -> None:
    before = running.processes()
    told = running.run("scale", "milady-sync=3")
    assert told.returncode == 0, told.stderr
    assert "milady-sync: workers in 3 processes" in told.stdout
    assert workers(running) == ["milady-sync", "milady-sync-2", "milady-sync-3"]
    assert all(running.ready(name) for name in workers(running))
    assert "milady-sync-3" in running.run("status").stdout

    left = running.processes()
    assert running.run("scale", "milady-sync=2").returncode == 0
    assert workers(running) == ["milady-sync", "milady-sync-2"]
    assert not left["milady-sync-3"].alive()
    assert running.run("scale", "milady-sync=2").returncode == 0, "a second time nothing is to do"
    assert running.processes() == {name: handle for name, handle in left.items() if name != "milady-sync-3"}

    running.scale_workers(1)
    assert running.processes() == before, "nobody started again what was scaled away"


def test_a_worker_that_dies_is_started_again_until_it_is_scaled_away(running: Live) -> None:
    running.scale_workers(2)
    killed = running.kill("milady-sync-2")
    running.scale_workers(2)
    again = running.processes()["milady-sync-2"]
    assert again != killed
    running.kill("milady-sync-2")
    running.scale_workers(1)
    assert workers(running) == ["milady-sync"]
    running.scale_workers(1)
    assert workers(running) == ["milady-sync"]


def test_a_hang_up_without_a_request_changes_nothing_where_there_is_no_terminal(running: Live) -> None:
    before = running.processes()
    state = states.running(running.stack)
    assert state is not None
    state.supervisor.send(1)
    running.scale_workers(1)
    assert running.processes() == before


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("milady-sync=many", "say SERVICE=NUMBER with 1 to 9"),
        ("milady-sync=0", "say SERVICE=NUMBER with 1 to 9"),
        ("milady-sync", "say SERVICE=NUMBER with 1 to 9"),
        ("nonsense=2", "say SERVICE=NUMBER with 1 to 9"),
        ("skills=2", "skills has no workers to scale; these have: identity, milady-sync, compliance, messaging"),
    ],
)
def test_what_cannot_be_is_told(running: Live, asked: str, said: str) -> None:
    refused = running.run("scale", asked)
    assert refused.returncode == 2
    assert said in " ".join(refused.stderr.split())


def test_without_a_stack_there_is_nothing_to_scale(tmp_path: Path) -> None:
    refused = Processes(Stack(tmp_path, free_base())).run("scale", "milady-sync=2")
    assert refused.returncode == 1
    assert f"Nothing runs in {tmp_path}. Start it" in refused.stderr


def test_a_stack_that_is_still_starting_says_so(running: Live) -> None:
    file = running.stack.home / "state.json"
    kept = file.read_text()
    file.write_text(json.dumps({**json.loads(kept), "ready": False}))
    try:
        refused = running.run("scale", "milady-sync=2")
    finally:
        file.write_text(kept)
    assert refused.returncode == 1
    assert "still starting" in refused.stderr


def test_the_services_said_to_have_workers_are_those_that_do() -> None:
    apps = {one.name: importlib.import_module(f"{one.module}.app").service for one in SERVICES}
    have = [name for name, app in apps.items() if app.tasks or any(inbox.part == "workers" for inbox in app.inboxes)]
    assert have == [one.name for one in SERVICES if one.workers]


async def test_what_dies_as_it_is_scaled_away_is_not_started_again(tmp_path: Path) -> None:
    """It is being started again just then: its new start has got as far as its preparation."""
    stack, starts, go_on = Stack(tmp_path, free_base()), [0], threading.Event()
    supervisor = Supervisor(stack, state := states.State(stack.base, Handle.of(1)))

    def prepare() -> None:
        starts[0] += 1
        if starts[0] > 1:
            go_on.wait(60)
            starts[0] += 1

    argv = [sys.executable, "-c", "print('it runs', flush=True)"]
    await supervisor.start(Spec("brief", argv, {}, lambda: "", prepare=prepare))
    watcher = asyncio.create_task(supervisor.watch())
    await asyncio.to_thread(until, lambda: starts[0] == 2)
    await supervisor.leave(["brief"])
    go_on.set()
    await asyncio.to_thread(until, lambda: starts[0] == 3)
    await asyncio.sleep(0.2)
    watcher.cancel()
    assert (supervisor.names, state.processes, stack.log("brief").read_text()) == ([], {}, "it runs\n")


def test_a_stack_whose_terminal_goes_away_stops_in_order(tmp_path: Path) -> None:
    live = Processes(Stack(tmp_path, free_base()))
    terminal = [sys.executable, "-c", "import pty, sys; pty.spawn(sys.argv[1:])", sys.executable, "-m", "dev", "up"]
    try:
        with subprocess.Popen(terminal, env=live.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
            until(lambda: (state := states.running(live.stack)) is not None and state.ready)
            state = states.running(live.stack)
            process.kill()
        assert state is not None
        until(lambda: not state.supervisor.alive())
        assert states.left_behind(live.stack) == {}
    finally:
        live.remove()


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 180
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.05)
