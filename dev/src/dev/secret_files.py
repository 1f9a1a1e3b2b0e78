"""The secrets of a stack in containers, as a folder of files: what docker-compose.yml and `deploy/k8s` name, and nothing else."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from dev.stack import SERVICES


def _random() -> str:
    return secrets.token_urlsafe(24)


def contents(password: Callable[[], str] = _random, host: str = "postgres:5432") -> dict[str, str]:
    """Every secret by its file's name; each password comes from `password()`."""
    postgres = password()
    addresses = {
        f"{role}_database_url": f"postgresql://{role}:{password()}@{host}/{service.module}"
        for service in SERVICES
        for role in (service.module, f"{service.module}_owner")
    }
    return {
        "postgres_password": postgres,
        "postgres_url": f"postgresql://postgres:{postgres}@{host}/postgres",
        "milady_token": password(),
        "identity_sealing_key": password(),
        "onboarding_sealing_key": password(),
        "admin_password": password(),
        "grafana_password": password(),
        **addresses,
    }


def write(folder: Path, files: dict[str, str]) -> list[str]:
    """Writes the files that are not there yet; their names. What is there is never touched: databases know those passwords.

    The folder is its owner's alone. The files can be read by whoever reaches them, for a container's user is a stranger here.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The superuser's address and password are one secret in two forms: the one follows from the other that is there.
    if (folder / "postgres_password").exists():
        known = (folder / "postgres_password").read_text().strip()
        files = {**files, "postgres_url": files["postgres_url"].replace(files["postgres_password"], known)}
    made = [name for name in files if not (folder / name).exists()]
    for name in made:
        with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "w") as out:
            out.write(files[name] + "\n")
    return made
