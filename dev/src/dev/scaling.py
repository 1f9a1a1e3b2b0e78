"""In how many processes a service's workers run: what `./chairside scale` asks the supervisor for, and how that comes to be.

A request is a file in the stack's folder, `{"milady-sync": 4}`, and a SIGHUP. The supervisor takes the file away when it begins.
"""

import asyncio
import fcntl
import json
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dev import state as states
from dev.processes import StartError, last_lines
from dev.readiness import lacking
from dev.stack import SERVICES, Service, Stack, marked, service_settings
from dev.steps import say
from dev.supervisor import Spec, Supervisor, ready_over_http

MOST = 9
_PATIENCE = 240.0


def specs(stack: Stack, service: Service, count: int) -> list[Spec]:
    """The service as one process with all its parts, and `count - 1` further ones with its workers alone."""
    made = []
    for name in _names(service, count):
        only = [] if name == service.name else ["--only", "workers"]
        env = marked(stack, name, **service_settings(stack, service, stack.port(name)))
        argv = [sys.executable, "-m", service.module, "serve", *only]
        made.append(Spec(name, argv, env, ready_over_http(stack.port(name))))
    return made


def _names(service: Service, count: int) -> list[str]:
    return [service.name, *(f"{service.name}-{number}" for number in range(2, count + 1))]


def _beyond(service: Service, count: int, running: Mapping[str, object]) -> list[str]:
    """Those of the running processes that so many of the service's do not need."""
    return [name for name in _names(service, MOST) if name in running and name not in _names(service, count)]


def _request(stack: Stack) -> Path:
    return stack.home / "scale.json"


def is_asked(stack: Stack) -> bool:
    """Whether a request waits for the supervisor."""
    return _request(stack).exists()


def forget(stack: Stack) -> None:
    """Removes a request that a supervisor before this one did not come to."""
    _request(stack).unlink(missing_ok=True)


async def follow(stack: Stack, supervisor: Supervisor, asked: asyncio.Event) -> None:
    """The supervisor's side: does what requests say, one after the other, until it is cancelled."""
    while True:
        await asked.wait()
        asked.clear()
        try:
            counts: dict[str, int] = json.loads(_request(stack).read_text())
            forget(stack)
            for service in (one for one in SERVICES if one.name in counts):
                await _scale(stack, supervisor, service, counts[service.name])
        except (OSError, ValueError) as error:
            say(f"What was asked of the workers cannot be done: {error}")


async def _scale(stack: Stack, supervisor: Supervisor, service: Service, count: int) -> None:
    running = dict.fromkeys(supervisor.names)
    for spec in (one for one in specs(stack, service, count) if one.name not in running):
        await supervisor.start(spec)
    await supervisor.leave(_beyond(service, count, running))
    say(f"{service.name}: {count} with workers")


def ask(stack: Stack, counts: Mapping[str, int]) -> None:
    """The command's side: returns when so many run and are ready, and no more. Raises StartError if that does not come to be."""
    state = states.running(stack)
    if state is None or not state.ready:
        raise StartError("The stack is still starting. Scale it when `./chairside up` has said where it runs.")
    with _alone(stack):
        beside = _request(stack).with_suffix(".new")
        beside.write_text(json.dumps(dict(counts)))
        beside.replace(_request(stack))
        state.supervisor.send(signal.SIGHUP)
        deadline = time.monotonic() + _PATIENCE
        while lack := _lack(stack, counts):
            if time.monotonic() > deadline:
                raise StartError(f"It is not as asked for after {_PATIENCE:.0f} s: {lack}")
            time.sleep(0.1)


@contextmanager
def _alone(stack: Stack) -> Iterator[None]:
    """One command at a time, so that none takes another's request away; the next one waits."""
    with (stack.home / "scale.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lack(stack: Stack, counts: Mapping[str, int]) -> str:
    """What is not yet as asked for; empty when all is. Raises StartError when the stack has ended."""
    state = states.running(stack)
    if state is None:
        raise StartError(f"The stack in {stack.home} ended before its workers were scaled.")
    if is_asked(stack):
        return "the supervisor has not taken the request."
    for service in (one for one in SERVICES if one.name in counts):
        for name in _names(service, counts[service.name]):
            lacks = lacking(stack.port(name)) if name in state.processes else None
            if lacks is None:
                return f"{name} does not answer. Its last lines ({stack.log(name)}):\n{last_lines(stack.log(name))}"
            if lacks:
                return f"{name}: " + "; ".join(f"{what} {why}" for what, why in lacks.items())
        if beyond := _beyond(service, counts[service.name], state.processes):
            return f"{', '.join(beyond)} still ends what was begun."
    return ""
