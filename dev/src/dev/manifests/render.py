"""Manifests out of kustomizations: by kubectl or kustomize where the machine has one, else by a kustomize that Go builds once."""

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dev.paths import ROOT, TOOLS

Manifest = dict[str, Any]
OVERLAYS = ROOT / "deploy" / "k8s" / "overlays"
ROOTS = ("databases", "prepare", ".")
"""What of an overlay is applied one after the other."""
MODULE, VERSION = "sigs.k8s.io/kustomize/kustomize/v5", "v5.7.1"
OLDEST = (5, 0)
BUILT = TOOLS / "tools" / f"kustomize-{VERSION}"


class CannotRenderError(Exception):
    """This machine has nothing to render with; the message is a sentence."""


class BrokenKustomizationError(Exception):
    """The kustomization cannot be rendered; the message is the renderer's."""


@cache
def renderer() -> tuple[str, ...]:
    """The command that renders the folder given as its last argument. Raises CannotRenderError."""
    found = _kubectl() or _kustomize() or _built()
    if not found:
        raise CannotRenderError("it has neither kubectl nor kustomize (5 or newer), nor Go to build one with.")
    return found


def _kubectl() -> tuple[str, ...] | None:
    """The kubectl on the path, if the kustomize in it is new enough."""
    program = shutil.which("kubectl")
    said = _say(program, "version", "--client", "--output=json") if program else ""
    try:
        version = str(json.loads(said)["kustomizeVersion"])
    except (ValueError, KeyError):
        return None
    return (str(program), "kustomize") if _new_enough(version) else None


def _kustomize() -> tuple[str, ...] | None:
    """The kustomize on the path, or the one that was built here."""
    for program in (shutil.which("kustomize"), str(BUILT) if BUILT.exists() else None):
        if program and _new_enough(_say(program, "version")):
            return program, "build"
    return None


def _built() -> tuple[str, ...] | None:
    """Builds the pinned kustomize with Go, which checks its sum; about 20 s."""
    go = shutil.which("go")
    if not go:
        return None
    folder = BUILT.with_suffix(".new")
    env = {**os.environ, "GOBIN": str(folder), "GOFLAGS": "-buildvcs=false"}
    done = subprocess.run([go, "install", f"{MODULE}@{VERSION}"], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRenderError(f"Go did not build kustomize: {(done.stderr.strip().splitlines() or ['it does not say why'])[-1]}")
    (folder / "kustomize").replace(BUILT)
    shutil.rmtree(folder, ignore_errors=True)
    return str(BUILT), "build"


def _say(program: str | None, *arguments: str) -> str:
    return subprocess.run([str(program), *arguments], capture_output=True, text=True, check=False).stdout


def _new_enough(version: str) -> bool:
    """Of `v5.7.1`, and of what a build without a version calls itself."""
    numbers = re.search(r"v(\d+)\.(\d+)", version)
    return "devel" in version or (numbers is not None and tuple(map(int, numbers.groups())) >= OLDEST)


def render(folder: Path) -> list[Manifest]:
    """What applying the folder would send to the cluster. Raises CannotRenderError or BrokenKustomizationError."""
    done = subprocess.run([*renderer(), str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BrokenKustomizationError(f"{folder.relative_to(ROOT)}: {done.stderr.strip()}")
    return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]


def rendered(overlay: str) -> dict[str, list[Manifest]]:
    """What each root of the overlay sends."""
    return {root: render(OVERLAYS / overlay / root) for root in ROOTS}
