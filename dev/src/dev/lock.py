"""`./chairside lock`: the pins of everything, as files that name no place to fetch from.

uv.lock holds the one resolution of the workspace, but also the addresses of registries, so it stays out of git; what is committed
are requirement files with hashes, and the sums of Kafka's jars.
"""

import os
import subprocess
import sys
from pathlib import Path

from dev import kafka_jars
from dev.paths import ROOT
from dev.processes import StartError

_HEADER = "# Made by `./chairside lock`. Do not edit.\n"


def _uv(*arguments: str) -> str:
    uv = Path(sys.prefix) / "bin" / "uv"
    done = subprocess.run(
        [str(uv), *arguments], cwd=ROOT, env={**os.environ, "UV_SYSTEM_CERTS": "1"}, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise StartError(f"uv {arguments[0]} failed (see above): nothing more was written.")
    return done.stdout


def _export(*selection: str) -> str:
    return _uv("export", "--quiet", "--frozen", "--no-emit-workspace", "--no-header", "--no-annotate", *selection)


def _entry(requirements: str, name: str) -> str:
    """The lines of one pinned package, with its hashes."""
    lines = requirements.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith(f"{name}=="))
    rest = next((number for number in range(first + 1, len(lines)) if not lines[number].startswith(" ")), len(lines))
    return "".join(lines[first:rest])


def _write(file: Path, text: str) -> None:
    for sign in ("://", "--index", "--find-links", "\n-e ", "\n./"):
        if sign in text:
            raise StartError(
                f"{file.relative_to(ROOT)} would hold {sign!r}: pins name neither a place to fetch from nor a folder. Nothing was written."
            )
    changed = not file.exists() or file.read_text() != _HEADER + text
    file.parent.mkdir(exist_ok=True)
    file.write_text(_HEADER + text)
    count = sum("==" in line and not line.startswith(" ") for line in text.splitlines())
    print(f"  {file.relative_to(ROOT)}: {count} packages{'' if changed else ', unchanged'}")


def lock() -> None:
    """Resolves all anew (what uv.lock holds already stays as it is) and writes every file of pins."""
    print("Resolving the workspace")
    _uv("lock", "--quiet")
    everything = _export("--all-packages", "--all-groups")
    _write(ROOT / "requirements" / "dev.txt", everything)
    _write(ROOT / "requirements" / "uv.txt", _entry(everything, "uv"))
    for group in ("test", "tools", "build", "sbom"):
        _write(ROOT / "requirements" / f"{group}.txt", _export("--only-group", group))
    for service in sorted((ROOT / "services").iterdir()):
        if (service / "pyproject.toml").exists():
            _write(service / "requirements.txt", _export("--package", f"chairside-{service.name}", "--no-dev"))
    print("Resolving Kafka's jars")
    kafka_jars.lock()
    print(f"  {kafka_jars.LOCK.relative_to(ROOT)}: {len(kafka_jars.locked())} jars")
