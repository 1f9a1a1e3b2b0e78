"""The people and data that a new stack begins with."""

import os
import subprocess
import sys

from dev.processes import StartError
from dev.stack import SERVICES, Stack, secrets_of, service_settings

ADMIN = "admin@chairside.example"


def seed(stack: Stack) -> list[str]:
    """Makes what is not there yet, through the services' own command lines; gives a line for each who can sign in."""
    password = secrets_of(stack).get("admin_password")
    env = {**os.environ, **service_settings(stack, SERVICES[0]), "CHAIRSIDE_ADMIN_PASSWORD": password}
    argv = [sys.executable, "-m", "identity", "create-admin", "--email", ADMIN, "--name", "Ada Admin"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StartError(f"The first administrator could not be made:\n{done.stderr.strip()}")
    return [f"administrator: {ADMIN} / {password}"]
