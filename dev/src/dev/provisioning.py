"""What a stack's servers hold before the services start: databases, roles, tables and topics."""

import asyncio
import os
import sys

import asyncpg
from chassis.provision import provision
from contracts.people import KINDS
from contracts.topics import TOPICS

from dev import postgres
from dev.processes import StartError
from dev.stack import SERVICES, Stack, secrets_of, service_settings
from dev.steps import say
from dev.topics import create_topics


async def databases(stack: Stack) -> None:
    """Makes each service's database and roles where they are missing, and sets the roles' passwords."""
    secrets = secrets_of(stack)
    admin = postgres.dsn(stack.port("postgres"), password=secrets.get("postgres"))
    try:
        for service in SERVICES:
            role = service.module
            await provision(admin, service.name, KINDS, login_password=secrets.get(role), owner_password=secrets.get(f"{role}_owner"))
    except asyncpg.InvalidPasswordError:
        raise StartError(
            f"{secrets.file} does not hold the password of the data beside it. Put the right file back, or begin anew: up --fresh."
        ) from None


async def topics(stack: Stack) -> None:
    await create_topics(stack.kafka, TOPICS)


async def migrate(stack: Stack) -> None:
    """Brings every database to the migrations of this clone, all in one further process: starting Python is what takes the time."""
    owners = [f"{service.name}={service_settings(stack, service)['CHAIRSIDE_OWNER_DATABASE_URL']}" for service in SERVICES]
    env = {**os.environ, "CHAIRSIDE_MIGRATE": "\n".join(owners)}
    argv = [sys.executable, "-m", "dev.migrations"]
    process = await asyncio.create_subprocess_exec(*argv, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    output, _ = await process.communicate()
    stack.log("migrations").write_bytes(output)
    if process.returncode:
        raise StartError(f"The migrations failed ({stack.log('migrations')}):\n{output.decode(errors='replace').strip()}")
    say(output.decode().strip().replace("\n", ", "))
