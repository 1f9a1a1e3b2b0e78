"""Where things lie: this clone, what it has fetched, and the data of the running stack."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TOOLS = Path(os.environ.get("CHAIRSIDE_TOOLS") or ROOT / ".chairside").resolve()
CACHE = TOOLS / "cache"
HOME = Path(os.environ.get("CHAIRSIDE_HOME") or TOOLS).resolve()
