"""One run: people at work, faults in the order that the seed gives, and the account of it at the end."""

import json
import math
import random
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from statistics import median

from dev.demo.stage import Stage

from .. import looking, people, waiting
from . import found
from .kinds import KINDS, World
from .recovery import recovered
from .stack import Breakable
from .verdict import Verdict
from .work import all_at_work, everyone

STUDENTS = 4
# Leaves the machine time for the recovery that is measured.
PAUSE = 1.0


@dataclass
class Report:
    """What a run did and what it found. By kind of fault, in seconds: how long each lasted, restarts included, and recovery after that."""

    seed: int
    commands: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    recovery: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lasted: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    met: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = field(default_factory=Verdict)
    seconds: float = 0.0

    def table(self) -> str:
        """For people."""
        lines = [f"seed {self.seed}: {sum(self.faults.values())} faults, {sum(self.commands.values())} commands in {self.seconds:.0f} s"]
        lines += [f"  {name:<12} {count:>6} commands" for name, count in sorted(self.commands.items())]
        lines.append(f"  {'fault':<34} {'times':>5}   seconds it lasted, then to recover, and both: p50, longest")
        for name, times in sorted(self.recovery.items()):
            both = [lasted + took for lasted, took in zip(self.lasted[name], times, strict=True)]
            spread = "  ".join(f"{median(one):>7.2f} {max(one):>6.2f}" for one in (self.lasted[name], times, both))
            lines.append(f"  {name:<34} {self.faults[name]:>5}  {spread}")
        for what in ("lost", "doubled", "disordered", "other"):
            wrong = getattr(self.verdict, what)
            lines += [f"{what}: {len(wrong)}", *(f"  {one}"[:300] for one in wrong[:20])]
        counts = ", ".join(f"{len(getattr(self.verdict, what))} {what}" for what in ("lost", "doubled", "disordered", "other"))
        return "\n".join([*lines, f"seed {self.seed}: {sum(self.faults.values())} faults: {counts}"])

    def as_json(self) -> str:
        counted = {name: dict(getattr(self, name)) for name in ("commands", "faults", "recovery", "lasted", "met")}
        told = {"seed": self.seed, "seconds": self.seconds, "verdict": asdict(self.verdict), **counted}
        return json.dumps(told, indent=1)


def order(seed: int, count: int, only: str = "") -> list[str]:
    """Which kinds come, and when: every kind in turn, each round shuffled anew, so that none is left out."""
    rng, names = random.Random(seed), [name for name in sorted(KINDS) if only in name]
    rounds = [rng.sample(names, len(names)) for _ in range(count // len(names) + 1)]
    return [name for one in rounds for name in one][:count]


async def run(broken: Breakable, seed: int, count: int, only: str = "", minutes: float = math.inf) -> Report:
    """Breaks the stack `count` times, or as often as fits into the minutes, and looks whether all is there. Prints a line for each."""
    report, began = Report(seed), time.monotonic()
    async with Stage.open(broken.live.stack) as stage:
        await people.administrator(stage)
        load, more = await everyone(stage, STUDENTS, PAUSE)
        world = World(broken, load)
        async with all_at_work(load, more):
            await load.goes_on()
            for number, name in enumerate(order(seed, count, only), 1):
                if time.monotonic() - began > 60 * minutes:
                    break
                # Of its own for each fault, so that what it hits does not hang on what the ones before found.
                world.rng = random.Random(f"{seed}/{number}")
                since = time.monotonic()
                hit = await KINDS[name](world)
                lasted, took = time.monotonic() - since, await recovered(broken.live.stack)
                report.faults[name] += 1
                report.lasted[name].append(lasted)
                report.recovery[name].append(took)
                print(
                    f"{time.monotonic() - began:7.1f} s  {number:>4}  {name} {hit}: {lasted:.1f} s, recovered in {took:.2f} s", flush=True
                )
                await load.goes_on(5)
        await looking_for_parts(broken)
        report.verdict = await found.looked(broken, stage, load, more)
        report.met = load.faults
        report.commands.update(
            compliance=sum(len(work.minutes) + len(work.voided) for work in load.work) + more.scans,
            skills=sum(2 * len(work.services) for work in load.work) + len(more.approved),
            identity=len(load.newcomers), messaging=len(load.newcomers),
            onboarding=len(load.newcomers) + 2 * len(more.assigned) - sum(more.assigned.values()) + len(more.withdrawn),
            portal=more.looks, **{"milady-sync": more.syncs},
        )  # fmt: skip
    report.seconds = time.monotonic() - began
    return report


async def looking_for_parts(broken: Breakable) -> None:
    """Returns when every part is ready again and nothing is under way."""
    waiting.all_ready(broken.live)
    await looking.settled(broken.live.stack)
