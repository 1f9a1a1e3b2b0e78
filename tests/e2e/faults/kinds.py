"""The kinds of faults. Each is given the world, does its worst within some seconds, and returns when the fault itself is over."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from contracts.examples import example
from contracts.topics import TOPICS
from dev.processes import Handle

from .. import looking, sending, waiting
from ..load import Load
from .stack import Breakable

SERVICES = waiting.EVERY_SERVICE
TELLERS = ("compliance", "skills", "identity", "onboarding")
HEARERS = ("portal", "messaging", "skills", "compliance", "onboarding", "milady-sync")
HISTORY = ("hours.logged", "skill.logged", "enrollment.created", "user.changed", "alert.raised")


@dataclass
class World:
    """What a fault can reach. All that it picks comes from `rng`, whose seed is the run's and the fault's number."""

    broken: Breakable
    load: Load
    rng: random.Random = field(default_factory=random.Random)

    @property
    def live(self) -> waiting.Live:
        return self.broken.live


Fault = Callable[[World], Awaitable[str]]
KINDS: dict[str, Fault] = {}


def kind(fault: Fault) -> Fault:
    """A fault that the injector may pick; it says what it hit."""
    KINDS[fault.__name__.replace("_", "-")] = fault
    return fault


@kind
async def kill_service(world: World) -> str:
    name = world.rng.choice(SERVICES)
    await asyncio.to_thread(waiting.kill, world.live, name)
    return name


def _processes_of(world: World, service: str) -> dict[str, Handle]:
    """The service's own and, where they run apart, its workers: whichever comes to an armed place first is the one that dies there."""
    return {name: one for name, one in world.live.processes().items() if name == service or name.startswith(f"{service}-")}


async def _dies_at(world: World, service: str, place: str) -> str:
    """Returns when it died there and is back; one that never comes there within 20 s is left alone."""
    before = _processes_of(world, service)
    world.broken.arm(service, place)

    def passed() -> bool:
        return not world.broken.armed(service, place)

    try:
        await asyncio.to_thread(waiting.until, f"{service} at its {place}", passed, 20)
    except AssertionError:
        world.broken.disarm(service, place)
        return f"{service} (did not come there)"

    def replaced() -> bool:
        now = _processes_of(world, service)
        return set(now) == set(before) and now != before

    await asyncio.to_thread(waiting.until, f"another {service}", replaced)
    for name in before:
        await asyncio.to_thread(waiting.until, f"{name} being ready", lambda name=name: world.live.ready(name))
    return service


@kind
async def kill_relay_between_send_and_mark(world: World) -> str:
    return await _dies_at(world, world.rng.choice(TELLERS), "relay")


@kind
async def kill_consumer_between_commits(world: World) -> str:
    return await _dies_at(world, world.rng.choice(HEARERS), "consumer")


async def _server(world: World, name: str, how: signal.Signals) -> str:
    """Ends a server, which whoever keeps it alive starts again."""
    died = world.live.processes()[name]
    died.send(how)
    await asyncio.to_thread(waiting.until, f"another {name}", lambda: world.live.processes().get(name, died) != died)
    await asyncio.to_thread(waiting.until, f"{name} being ready", lambda: world.live.ready(name))
    return name


@kind
async def kill_broker(world: World) -> str:
    return await _server(world, "kafka", signal.SIGKILL)


@kind
async def stop_broker(world: World) -> str:
    return await _server(world, "kafka", signal.SIGTERM)


@kind
async def kill_database(world: World) -> str:
    return await _server(world, "postgres", signal.SIGKILL)


@kind
async def stop_database(world: World) -> str:
    return await _server(world, "postgres", signal.SIGINT)


async def _pause(world: World, name: str) -> str:
    with world.live.paused(name):
        await asyncio.sleep(world.rng.uniform(0.3, 2))
    return name


@kind
async def pause_broker(world: World) -> str:
    return await _pause(world, "kafka")


@kind
async def pause_database(world: World) -> str:
    return await _pause(world, "postgres")


@kind
async def pause_service(world: World) -> str:
    return await _pause(world, world.rng.choice(SERVICES))


@kind
async def reset_connections(world: World) -> str:
    for _ in range(world.rng.randint(1, 3)):
        await asyncio.to_thread(world.broken.proxy, "reset")
        await asyncio.sleep(0.3)
    return "all"


@contextmanager
def _proxy(world: World, line: str) -> Iterator[None]:
    world.broken.proxy(line)
    try:
        yield
    finally:
        world.broken.proxy("pass")


@kind
async def latency(world: World) -> str:
    with _proxy(world, f"slow {world.rng.uniform(0.02, 0.15):.3f}"):
        await asyncio.sleep(world.rng.uniform(0.5, 2))
    return "all"


@kind
async def stalled_network(world: World) -> str:
    with _proxy(world, "stall"):
        await asyncio.sleep(world.rng.uniform(0.3, 2))
    return "all"


@kind
async def terminate_backends(world: World) -> str:
    name = world.rng.choice(SERVICES)
    ending = "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1"
    await looking.rows(world.live.stack, name, ending, name.replace("-", "_"))
    return name


@kind
async def group_grows_and_shrinks(world: World) -> str:
    name = world.rng.choice(("portal", "compliance", "messaging"))
    another = world.live.another(name)
    await asyncio.to_thread(another.__enter__)
    try:
        await world.load.goes_on(5)
    finally:
        await asyncio.to_thread(another.__exit__, None, None, None)
    return name


async def _history(world: World) -> list[looking.ConsumerRecord[bytes, bytes]]:
    found = await looking.records(world.live.stack, HISTORY)
    real = [one for one in found if not looking.header(one, looking.PLANTED)]
    return world.rng.sample(real, min(40, len(real)))


@kind
async def duplicates_out_of_order(world: World) -> str:
    return f"{await sending.send_again(world.live.stack, await _history(world), as_new=False)} copies"


@kind
async def older_states_as_new(world: World) -> str:
    return f"{await sending.send_again(world.live.stack, await _history(world), as_new=True)} events"


@kind
async def replay(world: World) -> str:
    name = world.rng.choice(SERVICES)
    done = await asyncio.to_thread(world.live.run, name, "replay")
    assert done.returncode == 0, done.stderr
    return name


@kind
async def poison(world: World) -> str:
    topic = world.rng.choice(HISTORY)
    partitions = next(one.partitions for one in TOPICS if one.name == topic)
    event = example(topic)
    bad = (event.key_text.encode(), b"{not json", sending.headers_of(event.producers[0], event))
    await sending.plant(world.live.stack, topic, world.rng.randrange(partitions), bad)
    return topic


@kind
async def clock_moved(world: World) -> str:
    name, seconds = world.rng.choice(SERVICES), world.rng.choice((-7200, -240, 240, 7200))
    file = world.broken.folder / f"{name.replace('-', '_')}.clock"
    file.write_text(str(seconds))
    try:
        await asyncio.sleep(world.rng.uniform(0.5, 2))
    finally:
        file.unlink()
    return f"{name} by {seconds} s"
