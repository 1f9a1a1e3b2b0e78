"""`python -m dev.sandbox`: serve until told to stop."""

import sys

from dev.sandbox.server import serve
from dev.sandbox.settings import SettingsError, from_environment

if __name__ == "__main__":
    try:
        serve(from_environment())
    except SettingsError as error:
        sys.exit(f"sandbox: {error}")
