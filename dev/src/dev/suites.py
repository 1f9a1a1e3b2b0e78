"""`./chairside test`: which checks there are, what this machine can run of them, and how they went."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from dev.environments import environment_of
from dev.live_containers import why_not as why_no_containers
from dev.paths import ROOT
from dev.processes import StartError
from dev.stack import SERVICES, Service

_LANES = 2
_PACKAGES = ("chassis", "contracts", "dev", *(one.module for one in SERVICES))
_BROWSER = "tests/e2e/browser"
_FAULTS = "tests/e2e/faults"
_ACCESS = "tests/e2e/access"
_RANDOM = f"{_ACCESS}/test_random.py"
_APART = tuple(f"--ignore={folder}" for folder in (_BROWSER, _FAULTS, _ACCESS))
EACH_ONCE = "CHAIRSIDE_EACH_ONCE"
"""Set where everything runs, in containers as well: the long ones of `tests/e2e` run in one of the two then (decision 21)."""
_NO_TESTS_COLLECTED = 5
_TOGETHER = ("unit", "services")
"""Parts whose checks share the lanes. The others run against whole stacks, of which two only wait for each other; `access` alone has
two, since those who send requests at random work harder than the stack that answers them."""
_LONG = ("tests of dev", "tests of identity", "tests of compliance", "tests of libs/chassis")
"""Begun first, so that none of them runs alone at the end."""


@dataclass(frozen=True)
class Check:
    """One command of a part; it passed if it ends with 0. `argv` is asked for when it runs, for it may have to make an environment."""

    part: str
    name: str
    argv: Callable[[], list[str]]
    cwd: Path = ROOT


@dataclass(frozen=True)
class Outcome:
    check: Check
    code: int
    output: str
    seconds: float

    @property
    def passed(self) -> bool:
        return self.code == 0


def _tool(name: str, *arguments: str) -> Callable[[], list[str]]:
    return lambda: [str(Path(sys.prefix) / "bin" / name), *arguments]


def _deptry(folder: str) -> Check:
    names = ",".join(f"chairside-{one}={one}" for one in ("chassis", "contracts"))
    arguments = ("src", "--package-module-name-map", names, "--known-first-party", "dev")
    return Check("unit", f"deptry {folder}", _tool("deptry", *arguments), ROOT / folder)


def _unit() -> list[Check]:
    members = ["libs/contracts", "libs/chassis", *(f"services/{one.name}" for one in SERVICES), "dev"]
    return [
        Check("unit", "ruff check", _tool("ruff", "check", "--quiet", ".")),
        Check("unit", "ruff format", _tool("ruff", "format", "--check", "--quiet", ".")),
        Check(
            "unit", "contracts: compatible, and what is made from them current", lambda: [sys.executable, "-m", "dev.contracts", "check"]
        ),
        Check(
            "unit", "rights: every operation has one, and docs/access.md is current", lambda: [sys.executable, "-m", "dev.access", "check"]
        ),
        Check("unit", "known vulnerabilities of what is pinned", lambda: [sys.executable, "-m", "dev.advisories"]),
        Check("unit", "manifests of Kubernetes", lambda: [sys.executable, "-m", "dev.manifests", "check"]),
        Check("unit", "import-linter", _tool("lint-imports", "--no-cache", "--no-logo")),
        *(_deptry(member) for member in members),
        Check("unit", "mypy --strict", _tool("mypy", *(part for one in _PACKAGES for part in ("-p", one)))),
        *(
            Check("unit", f"tests of {folder}", _tool("pytest", "-q", f"{folder}/tests"))
            for folder in ("libs/contracts", "libs/chassis", "dev")
        ),
    ]


def _service(service: Service) -> Check:
    return Check(
        "services",
        f"tests of {service.name}, alone in its environment",
        lambda: [str(environment_of(service) / "bin" / "pytest"), "-q", f"services/{service.name}/tests"],
    )


def _whole(part: str, *arguments: str, stack: tuple[str, ...] = ()) -> Check:
    """Tests of the running whole, against a stack that is started for them alone."""
    argv = [sys.executable, "-m", "dev.with_stack", *stack, str(Path(sys.prefix) / "bin" / "pytest"), "-q", *arguments]
    return Check(part, f"tests of {arguments[0]}", lambda: argv)


def _faults(part: str, **settings: str) -> Check:
    """The seeded run of faults, which brings a stack of its own and prints its account."""
    argv = ["env", *(f"{name}={value}" for name, value in settings.items()), str(Path(sys.prefix) / "bin" / "pytest"), "-q", "-s", _FAULTS]
    return Check(part, f"tests of {_FAULTS}", lambda: argv)


def _e2e() -> list[Check]:
    return [_faults("e2e"), _whole("e2e", "tests/e2e", *_APART)]


def _containers() -> list[Check]:
    """The images, then the same tests over them."""
    return [
        Check("containers", "docker compose build", lambda: ["docker", "compose", "build", "--quiet"]),
        _whole("containers", "tests/e2e", *_APART, stack=("--containers",)),
        _faults("containers", CHAIRSIDE_CONTAINERS="1"),
    ]


def _access() -> list[Check]:
    """The matrix, and requests at random, which take long and need not know of each other."""
    return [_whole("access", _RANDOM, "-n", "2"), _whole("access", _ACCESS, f"--ignore={_RANDOM}")]


_PARTS: dict[str, Callable[[], list[Check]]] = {
    "unit": _unit,
    "services": lambda: [_service(service) for service in SERVICES],
    "e2e": _e2e,
    "access": _access,
    "browser": lambda: [_whole("browser", _BROWSER)],
    "containers": _containers,
}


def _checks_of(name: str, services: set[str]) -> list[Check]:
    """The checks of a part; of the services, where some were asked for by name, those alone."""
    if name == "services" and services:
        return [_service(service) for service in SERVICES if service.name in services]
    return _PARTS[name]()


def _why_not(name: str) -> str | None:
    """Why this machine cannot run the part; None if it can."""
    if name == "containers":
        return why_no_containers()
    folder = {"e2e": "tests/e2e", "access": _ACCESS, "browser": _BROWSER}.get(name)
    if folder and not any((ROOT / folder).glob("test_*.py")):
        return f"there are no tests in {folder} yet"
    if name == "browser" and not chromium():
        return "there is no Chromium on this machine (apt-get install chromium, or set CHAIRSIDE_CHROMIUM)"
    return None


def chromium() -> str | None:
    """The browser's program: CHAIRSIDE_CHROMIUM, or what the machine has."""
    found = (os.environ.get("CHAIRSIDE_CHROMIUM"), *map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    return next((program for program in found if program), None)


def _run(check: Check) -> Outcome:
    begun = time.monotonic()
    if check.name.startswith("tests of"):
        print(f"running             {check.part}: {check.name}", flush=True)
    try:
        env = {**os.environ, "NO_COLOR": "1"}
        done = subprocess.run(
            check.argv(), cwd=check.cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        code, output = done.returncode, done.stdout
    except StartError as error:
        code, output = 1, str(error)
    if code == _NO_TESTS_COLLECTED and "tests of" in check.name:
        output = "there are no tests here"
    return Outcome(check, code, output.strip(), time.monotonic() - begun)


def _show(outcome: Outcome) -> None:
    """A line for what passed, with what a run of faults or the matrix counted and pytest's own closing line; everything for what failed."""
    lines = outcome.output.splitlines()
    title = f"{'ok    ' if outcome.passed else 'FAILED'}  {outcome.seconds:6.1f} s  {outcome.check.part}: {outcome.check.name}"
    closing = [line for line in lines if "skipped" in line.lower() or "passed" in line or line.startswith(("seed ", "access matrix"))][-8:]
    print("\n".join([title, *(closing if outcome.passed else [*lines, f"(exit code {outcome.code})"])]), flush=True)


def _turn(check: Check) -> int:
    return next((turn for turn, name in enumerate(_LONG) if check.name.startswith(name)), len(_LONG))


def _run_checks(checks: list[Check], lanes: int) -> list[Outcome]:
    with ThreadPoolExecutor(lanes) as pool:
        outcomes = []
        for done in as_completed([pool.submit(_run, check) for check in sorted(checks, key=_turn)]):
            _show(done.result())
            outcomes.append(done.result())
        return outcomes


def _runnable(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """The parts that this machine can run, and those that it cannot, of which it says why."""
    can: list[str] = []
    cannot: list[str] = []
    for name in names:
        if reason := _why_not(name):
            print(f"not run             {name}: {reason}", flush=True)
        (cannot if reason else can).append(name)
    return can, cannot


def _stages(names: list[str]) -> list[tuple[list[str], int]]:
    """Which parts run at a time, one stage after the other, and in how many lanes."""
    together = [name for name in names if name in _TOGETHER]
    apart = [([name], _LANES if name == "access" else 1) for name in names if name not in _TOGETHER]
    return [*([(together, _LANES)] if together else []), *apart]


def run(names: Iterable[str]) -> int:
    """Runs the parts of these names (or services), all parts without any; gives the exit code: 0 only if all of them passed."""
    known = (*_PARTS, *(service.name for service in SERVICES))
    asked = tuple(names)
    services = set() if "services" in asked else {service.name for service in SERVICES} & set(asked)
    if unknown := set(asked) - set(known):
        raise StartError(f"There is no test {', '.join(sorted(unknown))}. There are: {', '.join(known)}.")
    wanted = {"services" if name in services else name for name in asked}
    can, cannot = _runnable(name for name in _PARTS if not asked or name in wanted)
    if not asked and {"e2e", "containers"} <= set(can):
        os.environ[EACH_ONCE] = "1"
    outcomes: list[Outcome] = []
    for parts, lanes in _stages(can):
        print(f"--- {' and '.join(parts)}", flush=True)
        outcomes += _run_checks([check for part in parts for check in _checks_of(part, services)], lanes)
    return _sum_up(outcomes, cannot, complete=not asked)


def _sum_up(outcomes: list[Outcome], cannot: list[str], *, complete: bool) -> int:
    """What was asked for by name and cannot run counts as failed; of all parts, those that cannot are only named."""
    failed = [f"{outcome.check.part}: {outcome.check.name}" for outcome in outcomes if not outcome.passed]
    for title, names in (("failed", failed), ("not run", cannot)):
        if names:
            print(f"{title}: {', '.join(names)}")
    print(f"checks: {len(outcomes) - len(failed)} passed, {len(failed)} failed", flush=True)
    return 1 if failed or (cannot and not complete) else 0
