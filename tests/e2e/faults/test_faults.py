"""The run of `python -m tests.e2e.faults`, and the same run over builds that lack a guard, which it must find out.

CHAIRSIDE_FAULT_SEED repeats a run; without it every run has a seed of its own, which it prints.
"""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
IN_CONTAINERS = bool(os.environ.get("CHAIRSIDE_CONTAINERS"))
pytestmark = pytest.mark.timeout(1800)


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The run, on a stack of its own."""
    argv = [sys.executable, "-m", "tests.e2e.faults", *arguments]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)


def test_nothing_is_lost_doubled_or_out_of_order() -> None:
    seed = os.environ.get("CHAIRSIDE_FAULT_SEED") or str(random.randrange(1_000_000))
    done = ran("--faults", "25" if IN_CONTAINERS else "100", "--seed", seed)
    sys.stdout.write(done.stdout)
    again = f"CHAIRSIDE_CONTAINERS={'1' if IN_CONTAINERS else ''} python -m tests.e2e.faults --seed {seed}"
    assert done.returncode == 0, f"again with: {again}\n{done.stdout}\n{done.stderr}"


# What breaks is chosen so that the build lives long enough to be judged; where it breaks follows from the seed.
@pytest.mark.skipif(IN_CONTAINERS, reason="the checker is the same for processes and containers")
@pytest.mark.parametrize(
    ("guard", "kind", "faults", "found"),
    [
        ("inbox", "duplicates", "2", ("doubled",)),
        ("order", "latency", "6", ("disordered",)),
        ("mark-after-publish", "relay", "2", ("lost",)),
    ],
)
def test_a_build_without_a_guard_is_found_out(guard: str, kind: str, faults: str, found: tuple[str, ...], tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = ran("--faults", faults, "--seed", "5", "--only", kind, "--without", guard, "--json", str(report))
    sys.stdout.write(done.stdout)
    assert report.exists(), done.stderr
    verdict: dict[str, Any] = json.loads(report.read_text())["verdict"]
    assert done.returncode == 1
    assert all(verdict[what] for what in found), done.stdout
