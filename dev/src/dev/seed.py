"""The people and data that a new stack begins with."""

import os
import subprocess
import sys

from dev.processes import StartError
from dev.stack import SERVICES, Stack, secrets_of, service_settings
from dev.steps import step

ADMIN = "admin@chairside.example"


def seed(stack: Stack) -> list[str]:
    """Makes what is not there yet, through the services' own command lines; gives a line for each who can sign in."""
    password = secrets_of(stack).get("admin_password")
    # Lies with the data that it speaks of. Asking identity anew at each start would take three seconds.
    done = stack.home / "postgres" / "chairside.seeded"
    if not done.exists():
        with step("Making the first administrator", "There is an administrator"):
            _make_administrator(stack, password)
        done.touch()
    return [f"Sign in as     {ADMIN}  password {password}"]


def _make_administrator(stack: Stack, password: str) -> None:
    env = {**os.environ, **service_settings(stack, SERVICES[0]), "CHAIRSIDE_ADMIN_PASSWORD": password, "CHAIRSIDE_TRACES": ""}
    argv = [sys.executable, "-m", "identity", "create-admin", "--email", ADMIN, "--name", "Ada Admin"]
    made = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if made.returncode:
        raise StartError(f"The first administrator could not be made:\n{(made.stderr or made.stdout).strip()}")
