"""`./chairside bench`: each file `bench/<name>.py` (without a leading underscore) is a bench, run as a program with `--json FILE`.

A bench that is called like a package which it imports has an underscore behind its name: `compliance_.py`.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dev.paths import ROOT
from dev.processes import StartError


def files() -> dict[str, Path]:
    """Each bench's file, by its name."""
    found = {file.stem.rstrip("_"): file for file in (ROOT / "bench").glob("*.py") if not file.stem.startswith("_")}
    return dict(sorted(found.items()))


def names() -> list[str]:
    return list(files())


def run(name: str | None, json_file: str | None, options: Sequence[str] = ()) -> int:
    """Runs one bench with these options, or all in turn; each prints its own table. What they measured goes to `json_file`, by name."""
    known = names()
    if name is not None and name not in known:
        raise StartError(f"There is no bench {name!r}. There are: {', '.join(known) or 'none yet'}.")
    if not known:
        raise StartError("There are no benches yet.")
    measured, failed = {}, []
    with tempfile.TemporaryDirectory() as folder:
        for one in [name] if name else known:
            file = Path(folder) / f"{one}.json"
            print(f"--- {one}", flush=True)
            done = subprocess.run([sys.executable, str(files()[one]), "--json", str(file), *options], cwd=ROOT, check=False)
            failed += [one] if done.returncode else []
            if file.exists():
                measured[one] = json.loads(file.read_text())
    if json_file:
        Path(json_file).write_text(json.dumps(measured, indent=1) + "\n")
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0
