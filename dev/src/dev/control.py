"""The commands about a running stack: start it, stop it, look at it, speak to a service of it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import psutil

from dev import scaling
from dev import state as states
from dev.processes import Handle, StartError, last_lines
from dev.stack import Service, Stack, service_settings, this_stack


def up(*, detach: bool, fresh: bool, scale: Mapping[str, int]) -> None:
    """Runs the stack until it is stopped, or with `detach` starts it and returns when it is ready."""
    stack = this_stack()
    if detach:
        start_detached(stack, fresh=fresh, scale=scale)
        return
    from dev.up import run

    asyncio.run(run(stack, fresh=fresh, scale=scale))


def start_detached(stack: Stack, *, fresh: bool = False, scale: Mapping[str, int] | None = None) -> None:
    """Starts a supervisor of its own, shows what it says until all is ready. Raises StartError if it ends before."""
    arguments = ["--fresh"] if fresh else []
    arguments += [part for name, number in (scale or {}).items() for part in ("--scale", f"{name}={number}")]
    stack.home.mkdir(parents=True, exist_ok=True)
    log = stack.home / "up.log"
    env = {**os.environ, "CHAIRSIDE_HOME": str(stack.home), "CHAIRSIDE_PORT_BASE": str(stack.base)}
    with log.open("wb") as out:
        argv = [sys.executable, "-m", "dev", "up", *arguments]
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, start_new_session=True)
    try:
        _show_until_ready(stack, process, log)
    except KeyboardInterrupt:
        process.send_signal(signal.SIGTERM)
        process.wait()
        raise


def _show_until_ready(stack: Stack, process: subprocess.Popen[bytes], log: Path) -> None:
    with log.open(errors="replace") as lines:
        while True:
            ended = process.poll() is not None
            state = states.read(stack)
            ready = bool(state and state.ready and state.supervisor.pid == process.pid)
            sys.stdout.write(lines.read())
            sys.stdout.flush()
            if ready:
                return
            if ended:
                raise StartError("the stack did not start; what is above says why.")
            time.sleep(0.1)


def down() -> None:
    """Stops the supervisor, which stops the rest; without one stops what it left behind."""
    stack = this_stack()
    state = states.running(stack)
    if state is None:
        orphans = states.stop_left_behind(stack)
        print(f"Stopped what was left behind: {', '.join(orphans)}" if orphans else f"Nothing runs in {stack.home}.")
        return
    state.supervisor.send(signal.SIGTERM)
    while state.supervisor.alive():
        time.sleep(0.05)
    print("Stopped; the data stays.")


def scale(counts: Mapping[str, int]) -> None:
    """Returns when the workers of each named service run in so many processes, all ready, and none in any other."""
    scaling.ask(running_stack(), counts)
    for name, count in counts.items():
        print(f"{name}: workers in {count} {'process' if count == 1 else 'processes'}, until the stack ends.")


def _memory(handle: Handle) -> int:
    """The memory that a process and its children have to themselves, with their part of what they share, in bytes."""
    process = psutil.Process(handle.pid)
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_full_info().pss
        except (psutil.Error, AttributeError):
            total += one.memory_info().rss if one.is_running() else 0
    return total


def status() -> None:
    """Prints a line for each process; exits with 3 if the stack does not run."""
    stack = this_stack()
    state = states.running(stack)
    if state is None:
        orphans = states.left_behind(stack)
        left = f" Left behind: {', '.join(sorted(orphans.values()))}; `up` or `down` stops them." if orphans else ""
        print(f"Nothing runs in {stack.home}.{left}")
        sys.exit(3)
    stack = Stack(stack.home, state.base)
    print(f"{'Runs' if state.ready else 'Is starting'}: {stack.url}, data in {stack.home}\n")
    print(f"{'':16} {'port':>6} {'pid':>8} {'MiB':>6}  up")
    total = 0
    for name, handle in sorted({**state.processes, "(supervisor)": state.supervisor}.items()):
        if handle.alive():
            memory = _memory(handle) if name != "(supervisor)" else psutil.Process(handle.pid).memory_info().rss
            total += memory
            port = "" if name == "(supervisor)" else str(stack.port(name))
            print(f"{name:16} {port:>6} {handle.pid:>8} {memory >> 20:>6}  {timedelta(seconds=int(time.time() - handle.started))}")
    print(f"{'all':16} {'':>6} {'':>8} {total >> 20:>6}")


def logs(name: str, *, follow: bool, lines: int) -> None:
    """Prints the last lines of a process's log, and with `follow` what comes after until Ctrl-C."""
    log = this_stack().log(name)
    if not log.exists():
        there = ", ".join(sorted(file.stem for file in log.parent.glob("*.log"))) or "none yet"
        raise StartError(f"There is no log of {name!r}. There are: {there}.")
    print(last_lines(log, lines))
    with log.open(errors="replace") as file:
        file.seek(0, os.SEEK_END)
        while follow:
            sys.stdout.write(file.read())
            sys.stdout.flush()
            time.sleep(0.2)


def running_stack() -> Stack:
    """The stack that runs, on the ports that it was started with; raises StartError if none does."""
    stack = this_stack()
    state = states.running(stack)
    if state is None:
        raise StartError(f"Nothing runs in {stack.home}. Start it with `./chairside up`.")
    return Stack(stack.home, state.base)


def service_command(service: Service, arguments: tuple[str, ...]) -> None:
    """Becomes `python -m <module> ARGUMENTS` with the settings of the running stack."""
    asks = not arguments or {"-h", "--help"} & set(arguments)
    stack = this_stack() if asks else running_stack()
    os.execve(
        sys.executable,
        [sys.executable, "-m", service.module, *(arguments or ("--help",))],
        {**os.environ, **service_settings(stack, service)},
    )


def demo(arguments: tuple[str, ...]) -> int:
    """Plays the story on the stack that runs, or on one started for it; gives the story's exit code."""
    stack = this_stack()
    state = states.running(stack)
    if state is None:
        start_detached(stack)
    stack = Stack(stack.home, state.base if state else stack.base)
    env = {**os.environ, "CHAIRSIDE_HOME": str(stack.home), "CHAIRSIDE_PORT_BASE": str(stack.base)}
    try:
        return subprocess.run([sys.executable, "-m", "dev.demo", *arguments], env=env, check=False).returncode
    finally:
        if state is None:
            down()
            print("`./chairside up` starts it again, with this story in it.")
