"""`./chairside` itself: what it says without a Python, how it installs, and what the files of pins hold."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from dev.paths import ROOT

from dev import kafka_jars

PINS = sorted([*(ROOT / "requirements").glob("*.txt"), *ROOT.glob("services/*/requirements.txt")])


def chairside(clone: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("CHAIRSIDE_")}
    argv = [str(clone / "chairside"), *arguments]
    return subprocess.run(argv, env={**known, **env}, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """This clone as it would come fresh: its files, and nothing that was installed or made."""
    leave = shutil.ignore_patterns(".chairside", ".git", "__pycache__", ".*_cache", "uv.lock", ".hypothesis")
    shutil.copytree(ROOT, tmp_path / "clone", ignore=leave, symlinks=True)
    return tmp_path / "clone"


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """A PATH with the few tools that every machine has, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "dirname", "mkdir", "cksum", "cat"):
        (folder / name).symlink_to(shutil.which(name) or name)
    return str(folder)


def test_without_a_python_it_says_what_to_install(clone: Path, bare_path: str) -> None:
    refused = chairside(clone, "up", PATH=bare_path)
    assert refused.returncode == 1
    assert "no Python 3.11 or newer" in refused.stderr


def test_an_interrupted_installation_is_taken_up_again_and_a_finished_one_left_alone(clone: Path) -> None:
    half = clone / ".chairside" / "venv" / "bin"
    half.mkdir(parents=True)
    (half / "python").write_text("#!/bin/sh\nexit 1\n")
    (half / "python").chmod(0o755)
    first = chairside(clone, "--help")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "First start" in first.stdout
    assert "Start PostgreSQL, Kafka, every service" in first.stdout

    second = chairside(clone, "--help")
    assert second.returncode == 0
    assert "First start" not in second.stdout

    with (clone / "services" / "identity" / "pyproject.toml").open("a") as file:
        file.write("\n# changed\n")
    assert "something changed" in chairside(clone, "--help").stdout


def test_a_clone_that_cannot_be_written_to_asks_for_another_folder(tmp_path: Path) -> None:
    shutil.copy(ROOT / "chairside", tmp_path / "chairside")
    (tmp_path / ".chairside").write_text("in the way")
    refused = chairside(tmp_path, "up")
    assert refused.returncode == 1
    assert "Set CHAIRSIDE_HOME" in refused.stderr


@pytest.mark.parametrize("file", PINS, ids=lambda file: str(file.relative_to(ROOT)))
def test_pins_have_hashes_and_name_no_place_to_fetch_from(file: Path) -> None:
    text = file.read_text()
    assert "://" not in text
    assert "--index" not in text
    entries = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert entries
    assert all("==" in entry and entry.endswith("\\") for entry in entries)


def test_a_jar_that_is_not_the_locked_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A jar with other bytes than the lock names is fetched again, never taken."""
    smallest = next(jar for jar in kafka_jars.locked() if jar.artifact == "slf4j-simple")
    monkeypatch.setattr(kafka_jars, "folder", lambda: tmp_path)
    monkeypatch.setattr(kafka_jars, "locked", lambda: [smallest])
    (tmp_path / smallest.file).write_bytes(b"something else")
    kafka_jars.fetch()
    assert (tmp_path / smallest.file).read_bytes()[:2] == b"PK"

    monkeypatch.setattr(kafka_jars, "locked", lambda: [smallest._replace(sha256="0" * 64)])
    (tmp_path / "complete").unlink()
    with pytest.raises(kafka_jars.StartError, match="SHA-256 differs"):
        kafka_jars.fetch()
    assert not (tmp_path / "complete").exists()
