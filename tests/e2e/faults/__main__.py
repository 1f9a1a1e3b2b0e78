"""`python -m tests.e2e.faults --faults 100 --seed 7`: the run by itself; exit code 0 only if nothing is lost, doubled or out of order."""

import asyncio
import logging
import math
import random
import signal
import sys
from pathlib import Path

import click
from dev.demo.stage import eventually

from .run import run
from .stack import breakable


@click.command()
@click.option("--faults", default=100, show_default=True, help="How many.")
@click.option("--seed", type=int, help="Which, and in which order; a new one if not given.")
@click.option("--only", default="", help="Only kinds whose name holds this.")
@click.option("--without", default="", help="A guard to leave out: inbox, order, mark-after-publish. The run must find it out.")
@click.option("--minutes", default=math.inf, help="Break nothing more after so long, and give the account.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to this file too.")
def main(faults: int, seed: int | None, only: str, without: str, minutes: float, json_file: Path | None) -> None:
    """Break a stack of its own while people work on it, and look whether all that was accepted is there, once and in order."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    eventually.__defaults__ = (300.0,)
    seed = random.randrange(1_000_000) if seed is None else seed
    print(f"seed {seed}", flush=True)
    # Whoever stops the run has the stack stopped too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with breakable(without) as broken:
        report = asyncio.run(run(broken, seed, faults, only, minutes))
    print(report.table(), flush=True)
    if json_file:
        json_file.write_text(report.as_json() + "\n")
    sys.exit(0 if report.verdict.clean else 1)


main()
