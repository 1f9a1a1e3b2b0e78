"""Runs a command beside a stack that is started for it alone: `python -m dev.with_stack [--story] COMMAND...`.

The command finds CHAIRSIDE_URL, CHAIRSIDE_HOME and CHAIRSIDE_PORT_BASE in its environment. With `--story` the demo has been played.
"""

import subprocess
import sys

from dev.live import temporary_stack


def main(arguments: list[str]) -> int:
    """Gives the command's exit code, or 1 if the story does not come off."""
    story = arguments[:1] == ["--story"]
    with temporary_stack() as live:
        if story:
            played = live.run("demo", seconds=600)
            if played.returncode:
                print(played.stdout + played.stderr)
                return 1
        return subprocess.run(arguments[story:], env={**live.env, "CHAIRSIDE_URL": live.url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
