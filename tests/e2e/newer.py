"""A later version of the contracts, made of the one in the tree: as what the gate judges it, and as images that hold it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from dev.paths import ROOT
from dev.stack import SERVICES

from .images import PYTHON, docker, layered

TAG = "e2e-newer"
FIELD = "written_by"
CONTRACTS = ROOT / "libs/contracts/src/contracts"
Change = tuple[str, str, str]
"""A file of the contracts, a text in it, and what stands there instead."""

_BASE = "    revision: Revision\n"
_WRITER = "        return self.model_dump_json().encode()\n"
_SIGNED = (
    f'        return self.model_copy(update={{"{FIELD}": __import__("os").environ.get("CHAIRSIDE_SERVICE")}}).model_dump_json().encode()\n'
)
ADDITIVE: tuple[Change, ...] = (
    ("event.py", _BASE, f'{_BASE}    {FIELD}: str | None = Field(default=None, description="The service that wrote it")\n'),
    ("event.py", "import BaseModel, ConfigDict\n", "import BaseModel, ConfigDict, Field\n"),
    ("event.py", _WRITER, _SIGNED),
)
"""An optional field on every event. Newer producers set it, so that it is on the wire and says whose it is."""
NEEDED: tuple[Change, ...] = (
    ("event.py", _BASE, f'{_BASE}    {FIELD}: str = Field(description="The service that wrote it")\n'),
    ADDITIVE[1],
)
GONE: tuple[Change, ...] = (
    ("hours.py", '    work_date: date = Field(description="Day of the training, in the program\'s time zone")\n', ""),
)
_JUDGE = f"""
import json
from contracts import examples
from contracts.event import EVENTS
from dev.contracts.files import ROOT
from dev.contracts.gate import incompatible
from dev.contracts.schemas import FOLDER, published_in, schema_of
published = published_in(ROOT / FOLDER)
having = [topic for topic, event in EVENTS.items() if {FIELD!r} in schema_of(event)["properties"]]
print(json.dumps({{"events": len(EVENTS), "having": len(having), "breaks": list(incompatible(EVENTS, published, published))}}))
"""


def changed(folder: Path, *changes: Change) -> Path:
    """Copies the contracts' package into `folder` with these changes, and gives the folder back. Fails on a text that is not there."""
    package = Path(shutil.copytree(CONTRACTS, folder / "contracts", ignore=shutil.ignore_patterns("__pycache__")))
    for name, old, new in changes:
        text = (package / name).read_text()
        assert old in text, f"{name} has no longer {old!r}: mend {__name__}"
        (package / name).write_text(text.replace(old, new))
    return folder


def judged(source: Path) -> dict[str, Any]:
    """How many events these contracts hold, how many have the new field, and what the gate says against the published schemas."""
    env = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", _JUDGE], env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def build(source: Path) -> None:
    """An image `chairside/SERVICE:TAG` for every service: today's, but for the contracts' event.py."""
    for service in SERVICES:
        layered(f"chairside/{service.name}", TAG, source / "contracts", **{"event.py": Path(f"{PYTHON}/contracts/event.py")})


def remove() -> None:
    """Takes those images' names away."""
    docker("rmi", *(f"chairside/{service.name}:{TAG}" for service in SERVICES), check=False)
