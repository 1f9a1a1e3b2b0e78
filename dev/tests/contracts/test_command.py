"""`python -m dev.contracts` as a developer runs it, on a copy of the repository that the test may change."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from contracts.event import ALL_SERVICES
from dev.contracts.files import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]
HOURS = "libs/contracts/src/contracts/hours.py"
SCHEMA = "libs/contracts/schemas/hours.logged.v2.json"
FIELD = "    status: HoursStatus\n"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
"""Without what a git hook sets, so that git works on the copy and never on the repository that runs the tests."""
DESCRIBED = ' = Field(description="New")\n'


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command reads and writes, committed in a repository of its own."""
    root = tmp_path_factory.mktemp("original")
    copied = ["libs/contracts", "dev/src/dev/contracts", "deploy/kafka", "deploy/k8s/topics"]
    copied += ["docs/events.md", "docs/asyncapi.json", "dev/src/dev/__init__.py"]
    copied += [f"services/{service}/src/{service.replace('-', '_')}/asyncapi.json" for service in ALL_SERVICES]
    for path in copied:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / path).is_dir() else shutil.copy)(ROOT / path, root / path)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    commit(root, "published")
    return root


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    return Path(shutil.copytree(original, tmp_path / "repository"))


@pytest.fixture
def run(copy: Path) -> Run:
    """Runs the command in the copy, with the copy's own classes."""
    sources = os.pathsep.join(str(copy / folder) for folder in ("libs/contracts/src", "dev/src"))

    def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "dev.contracts", *arguments]
        environment = {**ENVIRONMENT, "PYTHONPATH": sources, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)

    return ran


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, env=ENVIRONMENT)


def commit(root: Path, message: str) -> None:
    git(root, "-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-q", "-am", message)


def change(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new, 1))


def test_what_is_committed_passes(run: Run) -> None:
    checked = run("check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "generated files are current" in checked.stdout
    assert run("generate").stdout == "All generated files are current.\n"


def test_an_additive_field_is_generated_then_passes(run: Run, copy: Path) -> None:
    change(copy, HOURS, FIELD, f'{FIELD}    shop: str | None = Field(default=None, description="The shop")\n')
    before = run("check")
    assert before.returncode == 1
    assert f"{SCHEMA} is not current: run `python -m dev.contracts generate` and commit it" in before.stderr
    for example in (copy / "libs/contracts/examples/hours.logged.v2").glob("*.json"):
        change(copy, str(example.relative_to(copy)), '  "category"', '  "shop": null,\n  "category"')
    assert f"wrote {SCHEMA}" in run("generate").stdout
    after = run("check", "--base", "HEAD")
    assert (after.returncode, after.stderr) == (0, "")


def test_a_breaking_change_is_refused_and_nothing_is_written(run: Run, copy: Path) -> None:
    change(copy, HOURS, '    COORDINATOR = "coordinator"\n', '    COORDINATOR = "coordinator"\n    KIOSK = "kiosk"\n')
    schema = (copy / SCHEMA).read_bytes()
    for command in ("check", "generate"):
        refused = run(command)
        assert refused.returncode == 1
        assert "hours.logged 2: `source` was" in refused.stderr
        assert "an old consumer refuses what a new producer may write. Make version 3 with a lift from 2" in refused.stderr
    assert (copy / SCHEMA).read_bytes() == schema


def test_a_base_sees_what_a_removed_schema_would_hide(run: Run, copy: Path) -> None:
    change(copy, HOURS, FIELD, f"{FIELD}    shop: str{DESCRIBED}")
    (copy / SCHEMA).unlink()
    for example in (copy / "libs/contracts/examples").glob("hours.logged.v*/*.json"):
        change(copy, str(example.relative_to(copy)), '  "category"', '  "shop": "Main Street",\n  "category"')
    change(copy, HOURS, 'return {**lifted, "minutes"', 'return {**lifted, "shop": "", "minutes"')
    change(copy, "libs/contracts/schemas/hours.logged.v1.json", '"category": {', '"shop": {"type": "string"},\n    "category": {')
    assert run("generate").returncode == 0
    commit(copy, "hidden")
    assert run("check").returncode == 0
    refused = run("check", "--base", "HEAD~1")
    assert refused.returncode == 1
    assert "hours.logged 2: `shop` is new and required" in refused.stderr


def test_an_unknown_base_is_named(run: Run) -> None:
    refused = run("check", "--base", "nowhere")
    assert refused.returncode == 1
    assert "git knows no revision 'nowhere'" in refused.stderr
