"""The run of faults (`tests/e2e/faults`), as long as one likes: `./chairside bench faults --faults 1000 --seed 1`."""

import subprocess
import sys
from pathlib import Path

sys.exit(subprocess.call([sys.executable, "-m", "tests.e2e.faults", *sys.argv[1:]], cwd=Path(__file__).parents[1]))
