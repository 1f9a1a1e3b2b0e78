"""An environment for each service's tests that holds what that service asks for, the root group `test`, and nothing else."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from dev.paths import ROOT, TOOLS
from dev.processes import StartError
from dev.stack import Service

_OURS = ("libs/contracts", "libs/chassis", "dev")


def _stamp(files: list[Path]) -> str:
    known = hashlib.sha256(sys.version.encode())
    for file in files:
        known.update(file.read_bytes())
    return known.hexdigest()


def environment_of(service: Service) -> Path:
    """Gives the environment's folder, made or brought up to date where its pins changed (a second or two from uv's cache)."""
    folder = TOOLS / "envs" / service.name
    members = [ROOT / path for path in (*_OURS, f"services/{service.name}")]
    pins = [ROOT / "services" / service.name / "requirements.txt", ROOT / "requirements" / "test.txt"]
    stamp = _stamp([*pins, *(member / "pyproject.toml" for member in members)])
    done = folder / "installed"
    if done.exists() and done.read_text() == stamp:
        return folder
    requirements = [part for file in pins for part in ("-r", str(file))]
    editable = [part for member in members for part in ("-e", str(member))]
    install = ("pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), "--no-deps")
    _uv("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
    _uv(*install, "--require-hashes", "--compile-bytecode", *requirements)
    _uv(*install, "--no-build-isolation", *editable)
    done.write_text(stamp)
    return folder


def _uv(*arguments: str) -> None:
    uv = Path(sys.prefix) / "bin" / "uv"
    done = subprocess.run([str(uv), *arguments], env={**os.environ, "UV_SYSTEM_CERTS": "1"}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StartError(f"uv {' '.join(arguments[:2])} failed:\n{done.stderr.strip()}")
