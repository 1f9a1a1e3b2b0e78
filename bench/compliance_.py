"""Weekly compliance over 10 thousand to 1 million enrollments with a year of weeks: scans, ingest, files, and what people look at first.

`--enrollments 10000,100000` says how many, smallest first; `--seed 1`; `--plans docs/plans` writes how PostgreSQL runs what is read.
Held against each other in one run: the weekly scan and a loop over one student after the other; the rate of ingest with the most
enrollments and with the fewest; the time for each enrollment, and the memory of the process, from size to size.
"""

import argparse
import re
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from _cohort import Cohort, filled, server
from _enrollments import ALERTED, TABLES, last_whole_week
from _ground import Figure, main
from _imports import ROWS, imported
from _ingest import ingested
from _reads import READS, read
from _rows import written_alone
from _scans import closed, evaluated, looped, scanned
from chassis.database import Database
from chassis.serving import keep_what_is_loaded
from contracts.topics import TOPICS
from dev.processes import free_port
from dev.testing import create_topics

from dev import kafka


@dataclass(frozen=True)
class Judged:
    """Seconds of the evaluation, of the scan with what it writes, of what it wrote alone, and of one student in a loop; MiB; the reads."""

    evaluation: float
    scan: float
    rows: float
    one: float
    memory: float
    reads: Mapping[str, tuple[float, str]]


@dataclass(frozen=True)
class Measured:
    """One size; events and resolved alerts a second, rows of a file a second, and seconds of the week's close."""

    size: int
    judged: Judged
    ingest: tuple[float, float]
    imports: float
    close: float


async def judged(cohort: Cohort) -> Judged:
    """The scan of one size, and what is read once it has run. Before any events are made here, whose memory would be measured as well."""
    keep_what_is_loaded()
    database, admin = Database(cohort.database.login_url, "compliance", pool_size=2), await asyncpg.connect(cohort.database.admin_url)
    try:
        await evaluated(database, cohort)
        evaluation, one, scan = await evaluated(database, cohort), await looped(admin, cohort), await scanned(database, cohort)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        await admin.execute("vacuum (analyze) alert, outbox, audit_entry, student_ledger")
        return Judged(evaluation, scan, await written_alone(cohort, admin), one, memory, await read(database, admin, cohort))
    finally:
        await admin.close()
        await database.close()


def figures(first: Measured, each: Measured, folder: Path | None) -> list[Figure]:
    """The lines of one size, held against the smallest."""
    n, growth, now, then = f"{each.size:,}", each.size / first.size, each.judged, first.judged

    def against(seconds: float) -> str:
        return f"{now.one * each.size / seconds:.0f} x a loop of three queries a student, which writes nothing"

    told = f"{each.size * ALERTED // 100:,} alerts written and told"
    lines = [
        Figure(
            f"{n}: weekly check of all, judged alone",
            f"{now.evaluation:.2f} s",
            f"{against(now.evaluation)}; {_growth(now.evaluation, then.evaluation, growth)}",
        ),
        Figure(f"{n}: weekly scan, {told}", f"{now.scan:.2f} s", f"{against(now.scan)}; {_growth(now.scan, then.scan, growth)}"),
        Figure(
            f"{n}: those alerts, events and audit entries alone, known beforehand",
            f"{now.rows:.2f} s",
            f"the scan takes {now.scan / now.rows:.1f} x as long",
        ),
        Figure(f"{n}: memory of the process that scanned", f"{now.memory:.0f} MiB", f"{now.memory / then.memory:.2f} x"),
        Figure(
            f"{n}: hour events, one consumer process",
            f"{each.ingest[0]:,.0f}/s",
            f"{each.ingest[0] / first.ingest[0]:.2f} x, with {each.ingest[1]:,.0f} alerts a second that they resolve",
        ),
        Figure(f"{n}: a file of {ROWS:,} rows, one worker", f"{each.imports:,.0f} rows/s", f"{each.imports / first.imports:.2f} x"),
        Figure(f"{n}: close of the week of all", f"{each.close:.2f} s", _growth(each.close, first.close, growth)),
    ]
    for name, (took, plan) in now.reads.items():
        walked = sorted(set(re.findall(r"Seq Scan on (\w+?)(?:_\d{4}|_default)?\b[^\n]*rows=(?!0\.00)", plan)) & set(TABLES))
        said = f"walks through {', '.join(walked)}" if walked and each.size > first.size else ""
        lines.append(Figure(f"{n}: {READS[name].operation}", f"{took:.2f} ms", said))
        if folder:
            head = f"{READS[name].operation} ({READS[name].kind}), {n} enrollments: median {took:.2f} ms"
            (folder / f"{name}.txt").write_text(f"{head}\n\n{plan}\n")
    return lines


def _growth(seconds: float, smallest: float, growth: float) -> str:
    return f"{seconds / smallest / growth:.2f} x the time for one of the smallest size"


async def made(dsn: str, size: int, seed: int) -> Cohort:
    """`filled`, and how long that took."""
    started = time.perf_counter()
    cohort = await filled(dsn, size, seed, last_whole_week(datetime.now(UTC).date()))
    print(f"  {size:,} enrollments filled in {time.perf_counter() - started:.0f} s", flush=True)
    return cohort


async def run(sizes: list[int], seed: int, folder: Path | None) -> list[Figure]:
    """Every size on one server, smallest first."""
    with tempfile.TemporaryDirectory(prefix="chairside-bench-") as name, ExitStack() as stack:
        dsn = stack.enter_context(server(Path(name) / "postgres"))
        bootstrap = stack.enter_context(kafka.running(Path(name) / "kafka", free_port()))
        await create_topics(bootstrap, TOPICS)
        cohorts = [await made(dsn, size, seed) for size in sorted(sizes)]
        scanned_all = [await judged(cohort) for cohort in cohorts]
        rates = [(await ingested(cohort, bootstrap), await imported(cohort), await closed(cohort)) for cohort in cohorts]
    everything = [Measured(cohort.size, each, *rate) for cohort, each, rate in zip(cohorts, scanned_all, rates, strict=True)]
    return [line for each in everything for line in figures(everything[0], each, folder if each is everything[-1] else None)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--enrollments", default="10000,100000", help="how many, e.g. 10000,100000,1000000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plans", type=Path)
    given, sys.argv[1:] = parser.parse_known_args()
    main(
        "compliance: a week of many enrollments", lambda: run([int(each) for each in given.enrollments.split(",")], given.seed, given.plans)
    )
