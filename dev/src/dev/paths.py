"""Where things lie: this clone, what it has fetched, and the data of the running stack."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CACHE = ROOT / ".chairside" / "cache"
HOME = Path(os.environ.get("CHAIRSIDE_HOME") or ROOT / ".chairside").resolve()
