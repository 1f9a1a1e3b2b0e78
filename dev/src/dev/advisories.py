"""Known vulnerabilities of what is pinned: `python -m dev.advisories` ends with 1 for one that pyproject.toml does not except.

A machine that cannot reach the service with the advisories is told so, loudly, and passes: nothing that it has got worse.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from dev.paths import ROOT

PINS = ROOT / "requirements" / "dev.txt"
"""Holds what every service and every tool pins."""
OPTIONS = ("--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner", "off", "--timeout", "10")
AWAY = ("connect", "Connection", "Timeout", "timed out", "Proxy", "ServiceError", "HTTPError", "Max retries")
"""What pip-audit says when it was the network's fault, or the service's."""
Packages = list[dict[str, Any]]


class NotAsked(Exception):
    """The advisories could not be reached; says why."""


@dataclass(frozen=True)
class Excepted:
    """An advisory that stops nothing until a date, for a reason."""

    id: str
    until: date
    because: str


def excepted(file: Path = ROOT / "pyproject.toml") -> list[Excepted]:
    """Those of pyproject.toml."""
    return [Excepted(**one) for one in tomllib.loads(file.read_text())["tool"]["chairside"]["advisories"]]


def ask(pins: Path = PINS) -> Packages:
    """Each package with its advisories, as pip-audit gives them. Raises NotAsked; anything else that keeps it from answering is a fault."""
    argv = [sys.executable, "-m", "pip_audit", "--requirement", str(pins), *OPTIONS]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        packages: Packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        said = done.stderr.strip() or done.stdout.strip()
        if any(sign in said for sign in AWAY):
            raise NotAsked(said.splitlines()[-1]) from None
        raise RuntimeError(f"pip-audit answered with no list of packages:\n{said}") from None
    return packages


def judged(packages: Packages, known: Sequence[Excepted], today: date) -> Iterator[str]:
    """A sentence for each advisory that stops a release, and for each exception that has run out or is needed no more."""
    still = {one.id: one for one in known if one.until >= today}
    met = set()
    for package in packages:
        for found in package.get("vulns", ()):
            names = {found["id"], *found.get("aliases", ())}
            met |= names
            if not names & still.keys():
                mended = ", ".join(found.get("fix_versions", ())) or "no version yet"
                also = ", ".join(sorted(names - {found["id"]}))
                yield f"{package['name']} {package['version']}: {found['id']} ({also}), mended in {mended}"
    for one in known:
        if one.until < today:
            yield f"The exception for {one.id} ended on {one.until}: {one.because}"
        elif one.id not in met:
            yield f"The exception for {one.id} is needed no more. Take it out of pyproject.toml."


def is_there(pins: Path) -> None:
    """Asks for the first package alone. Raises NotAsked where nobody answers, or one who knows not even that."""
    first = next(entry for entry in pins.read_text().split("\n") if "==" in entry)
    with NamedTemporaryFile("w", suffix=".txt") as one:
        one.write(first.rstrip(" \\") + " --hash=sha256:" + "0" * 64 + "\n")
        one.flush()
        (package,) = ask(Path(one.name))
    if "skip_reason" in package:
        raise NotAsked(package["skip_reason"])


def main(pins: Path = PINS) -> int:
    """The exit code."""
    try:
        is_there(pins)
        packages = ask(pins)
    except NotAsked as why:
        print(f"skipped: NOBODY ASKED FOR KNOWN VULNERABILITIES, for the advisories cannot be reached from here ({why})")
        return 0
    found = list(judged(packages, excepted(), datetime.now(UTC).date()))
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if unknown:
        print(f"skipped: the advisories know nothing of {', '.join(unknown)}")
    print("\n".join(found) or f"{len(packages) - len(unknown)} packages, without a known vulnerability that is not excepted")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
