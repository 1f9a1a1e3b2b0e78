"""A pytest plugin: a real PostgreSQL and a real Kafka for a session of tests (`pytest_plugins = ["dev.testing"]`).

It stands on the root group `test` and on chassis and contracts alone, for the tests of a service run without the rest of `dev`.
"""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import HealthCheck, settings

from dev import kafka as kafka_server
from dev import postgres as postgres_server
from dev.processes import free_port
from dev.topics import create_topics

__all__ = ["ServiceDatabase", "create_topics", "fresh_database", "kafka", "postgres"]

# A machine with other work takes its time; how long an example took decides nothing.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Roles belong to the server, not to a database: every test database of one server shares these.
_PASSWORD = "chairside-test"


@dataclass(frozen=True)
class ServiceDatabase:
    """A database of a service's own, empty but for its roles: addresses for the login role, the owner, and the superuser."""

    login_url: str
    owner_url: str
    admin_url: str


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The superuser's DSN of a real PostgreSQL 18: that of CHAIRSIDE_TEST_POSTGRES, or one started for this session."""
    if given := os.environ.get("CHAIRSIDE_TEST_POSTGRES"):
        yield given
        return
    folder: Path = tmp_path_factory.mktemp("postgres") / "data"
    with postgres_server.running(folder, free_port(), durable=False) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address (host:port) of a real Kafka 4.3: that of CHAIRSIDE_TEST_KAFKA, or one started for this session."""
    if given := os.environ.get("CHAIRSIDE_TEST_KAFKA"):
        yield given
        return
    folder: Path = tmp_path_factory.mktemp("kafka") / "data"
    with kafka_server.running(folder, free_port()) as address:
        yield address


def _address(admin_dsn: str, user: str | None, database: str) -> str:
    parts = urlsplit(admin_dsn)
    netloc = f"{user}:{_PASSWORD}@{parts.hostname}:{parts.port}" if user else parts.netloc
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}"))


async def fresh_database(admin_dsn: str, service: str) -> ServiceDatabase:
    """Makes a database that no other test has (`<service>_<random>`), with the service's roles, ready to be migrated.

    `service` is the service's name (`milady-sync`). Nothing drops it: it goes with the server.
    """
    from chassis.provision import provision
    from contracts.people import KINDS

    role = service.replace("-", "_")
    database = f"{role}_{secrets.token_hex(4)}"
    await provision(admin_dsn, service, KINDS, login_password=_PASSWORD, owner_password=_PASSWORD, database=database)
    return ServiceDatabase(
        login_url=_address(admin_dsn, role, database),
        owner_url=_address(admin_dsn, f"{role}_owner", database),
        admin_url=_address(admin_dsn, None, database),
    )
