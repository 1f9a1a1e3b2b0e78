"""Known vulnerabilities of what is pinned: which stop a release, and what a machine without a network is told."""

from datetime import date
from pathlib import Path

import pytest
from dev.advisories import Excepted, NotAsked, ask, excepted, judged

from dev import advisories

TODAY = date(2026, 11, 25)
OLD = "jinja2==2.4.1 --hash=sha256:" + "0" * 64
FOUND = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["2.0"]}
PACKAGES = [{"name": "good", "version": "1.0", "vulns": []}, {"name": "bad", "version": "1.0", "vulns": [FOUND]}]


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose way out leads nowhere."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Pins of a version that has been known to be vulnerable for years."""
    (tmp_path / "pins.txt").write_text(OLD + "\n")
    return tmp_path / "pins.txt"


def test_a_known_vulnerability_stops_a_release_and_says_what_mends_it() -> None:
    assert list(judged(PACKAGES, [], TODAY)) == ["bad 1.0: PYSEC-2026-1 (CVE-2026-1), mended in 2.0"]


@pytest.mark.parametrize("name", ["PYSEC-2026-1", "CVE-2026-1"])
def test_an_exception_holds_until_its_date_under_either_name(name: str) -> None:
    one = Excepted(name, TODAY, "nobody calls it")
    assert list(judged(PACKAGES, [one], TODAY)) == []
    later = list(judged(PACKAGES, [one], TODAY.replace(day=26)))
    assert [line.split(":")[0] for line in later] == ["bad 1.0", f"The exception for {name} ended on 2026-11-25"]


def test_an_exception_that_is_needed_no_more_goes() -> None:
    (line,) = judged(PACKAGES[:1], [Excepted("PYSEC-2020-1", TODAY, "")], TODAY)
    assert line == "The exception for PYSEC-2020-1 is needed no more. Take it out of pyproject.toml."


def test_every_exception_says_until_when_and_why() -> None:
    assert all(one.because and isinstance(one.until, date) for one in excepted())


def test_a_machine_that_cannot_ask_is_told_so_and_passes(alone: None, old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert advisories.main(old) == 0
    assert capsys.readouterr().out.startswith("skipped: NOBODY ASKED FOR KNOWN VULNERABILITIES")


def test_pins_that_cannot_be_read_are_no_matter_of_the_network(tmp_path: Path) -> None:
    (tmp_path / "pins.txt").write_text("jinja2\n")
    with pytest.raises(RuntimeError):
        ask(tmp_path / "pins.txt")


def test_an_old_version_is_found(old: Path) -> None:
    try:
        advisories.is_there(old)
    except NotAsked as why:
        pytest.skip(f"the advisories cannot be reached from here: {why}")
    assert advisories.main(old) == 1
