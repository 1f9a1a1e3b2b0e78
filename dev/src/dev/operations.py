"""What an operator's tools do before services start: `python -m dev.operations databases|topics`, in the image of tools.

Both are safe to run again, on servers that hold everything already. Settings: CHAIRSIDE_KAFKA, and CHAIRSIDE_SECRETS, the folder of
secret files, with `postgres_url` (a superuser's address) and of each service `<service>_database_url` and `<service>_owner_database_url`.
"""

import asyncio
import os
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg
from aiokafka.errors import KafkaError
from chassis.provision import provision
from contracts.event import ALL_SERVICES
from contracts.people import KINDS
from contracts.topics import TOPICS

from dev.topics import create_topics


class OperationError(Exception):
    """Something is not as it must be; the message is a sentence that says what to do."""


def secret(name: str) -> str:
    """The content of a secret's file. Raises OperationError where there is none."""
    file = Path(os.environ.get("CHAIRSIDE_SECRETS", "/run/secrets")) / name
    try:
        return file.read_text().strip()
    except OSError as error:
        raise OperationError(f"The secret {file} cannot be read ({error.strerror}). Put it there and start again.") from None


def password_of(name: str) -> str:
    """The password in the address that a secret holds."""
    password = urlsplit(secret(name)).password
    if not password:
        raise OperationError(f"The secret {name} names no password. Write it as postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE.")
    return unquote(password)


async def databases() -> None:
    """Makes each service's database and roles where they are missing, and sets the roles' passwords to those of the secrets."""
    admin = secret("postgres_url")
    for service in ALL_SERVICES:
        name = service.replace("-", "_")
        login, owner = password_of(f"{name}_database_url"), password_of(f"{name}_owner_database_url")
        await provision(admin, service, KINDS, login_password=login, owner_password=owner)
        print(f"{service}: database and roles are there", flush=True)


async def topics() -> None:
    """Makes the topics that are missing; leaves the others alone."""
    await create_topics(os.environ["CHAIRSIDE_KAFKA"], TOPICS)
    print(f"{len(TOPICS)} topics are there", flush=True)


TASKS = {"databases": databases, "topics": topics}


def main(arguments: list[str]) -> None:
    """Runs one task; what went wrong ends it with a sentence and code 1."""
    if len(arguments) != 1 or arguments[0] not in TASKS:
        sys.exit(f"Say what to do: {' or '.join(TASKS)}.")
    try:
        asyncio.run(TASKS[arguments[0]]())
    except KeyError as missing:
        sys.exit(f"{missing.args[0]} is not set. Set it in the environment and start again.")
    except (OperationError, OSError, asyncpg.PostgresError, KafkaError) as error:
        sys.exit(f"{arguments[0]}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
