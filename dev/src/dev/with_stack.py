"""Runs a command beside a stack that is started for it alone: `python -m dev.with_stack [--containers] COMMAND...`.

The command finds CHAIRSIDE_URL, CHAIRSIDE_HOME and CHAIRSIDE_PORT_BASE in its environment, and CHAIRSIDE_CONTAINERS where it runs in those.
"""

import os
import signal
import subprocess
import sys

from dev.live import temporary_stack


def main(command: list[str]) -> int:
    """Gives the command's exit code, 128 and the signal's number if one ended it. A SIGTERM ends the stack as well."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if command[0] == "--containers":
        os.environ["CHAIRSIDE_CONTAINERS"], command = "1", command[1:]
    with temporary_stack() as live:
        code = subprocess.run(command, env={**live.env, "CHAIRSIDE_URL": live.url}, check=False).returncode
        return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
