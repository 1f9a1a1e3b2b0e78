import secrets
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from chassis.database import Database
from chassis.migrate import upgrade
from contracts.messages import MessageRequested
from dev.harness import events_of, eventually
from dev.processes import free_port
from dev.testing import fresh_database

sys.path.insert(0, str(Path(__file__).parent))

from neighbours import Neighbours

pytest_plugins = ["dev.testing", "dev.harness"]
PASSWORD = "correct horse battery"
SEALING_KEY = "a sealing key of the tests"


@pytest.fixture(scope="session")
def neighbours():
    """The other services' APIs, as far as an export asks them; identity's own is the real one."""
    made = Neighbours()
    yield made
    made.server.shutdown()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def identity(start_service, neighbours):
    """identity checks its tokens against its own address, like every other service."""
    port = free_port()
    own = {"CHAIRSIDE_PORT": str(port), "CHAIRSIDE_JWKS_URL": f"http://127.0.0.1:{port}/.well-known/jwks.json"}
    own |= {"CHAIRSIDE_SEALING_KEY": SEALING_KEY, "CHAIRSIDE_PUBLIC_URL": "https://chairside.example"}
    own["CHAIRSIDE_ADMIN_SECOND_FACTOR"] = "optional"
    own["CHAIRSIDE_SERVICES_URL"] = neighbours.template
    neighbours.identity = f"http://127.0.0.1:{port}"
    return await start_service("identity", env=own)


class Person:
    """Somebody with an account, and their session."""

    def __init__(self, service, email, user):
        self.service, self.email, self.user, self.password = service, email, user, PASSWORD
        self.session = None

    @property
    def id(self):
        return UUID(self.user["id"])

    async def sign_in(self):
        answer = await self.service.client().post("/v1/sessions", json={"email": self.email, "password": self.password})
        assert answer.status_code == 201, answer.text
        self.session = answer.json()
        return self.session

    async def refresh(self, token=None):
        return await self.service.client().post("/v1/sessions/refresh", json={"refresh_token": token or self.session["refresh_token"]})

    def client(self, access_token=None):
        return self.service.bearing(access_token or self.session["access_token"])


@pytest.fixture(scope="session")
def newcomer():
    """`newcomer()`: what somebody with an address of their own signs up with."""
    return lambda **other: {"email": f"{secrets.token_hex(8)}@example.com", "name": "Jordan Ellis", "password": PASSWORD} | other


@pytest.fixture(scope="session")
def person(identity, newcomer):
    """`await person()`: a new one, signed in."""

    async def make(**other):
        body = newcomer(**other)
        answer = await identity.client().post("/v1/users", json=body)
        assert answer.status_code == 201, answer.text
        made = Person(identity, body["email"], answer.json())
        await made.sign_in()
        return made

    return make


@pytest.fixture(scope="session")
def first_admin(identity, newcomer):
    """An administrator, made by the command line."""
    body = newcomer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAIRSIDE_ADMIN_PASSWORD", PASSWORD)
        told = identity.run("create-admin", "--email", body["email"], "--name", "Ada Okafor")
    assert told.returncode == 0, told.stderr
    return Person(identity, body["email"], {"id": told.stdout.split()[1]})


@pytest_asyncio.fixture(loop_scope="session")
async def admin(first_admin):
    """The administrator, in a session of this test's own: another one may have ended theirs, or replaced the keys."""
    await first_admin.sign_in()
    return first_admin


@pytest.fixture(scope="session")
def migrated(postgres):
    """`async with migrated() as database`: one of its own, that nobody has used."""

    @asynccontextmanager
    async def make():
        made = await fresh_database(postgres, "identity")
        await upgrade("identity", "identity", made.owner_url)
        database = Database(made.login_url, "identity")
        yield database
        await database.close()

    return make


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def untouched(migrated):
    """A migrated database that nobody has used."""
    async with migrated() as database:
        yield database


@pytest_asyncio.fixture
async def waiting(postgres, untouched):
    """`await waiting(task)`: returns when the task has come to an end, or waits for a lock in the database."""
    watcher = await asyncpg.connect(postgres)
    blocked = "select true from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'"

    async def wait(task):
        async def look():
            return task.done() or await watcher.fetchval(blocked, untouched.url.rpartition("/")[2])

        await eventually(look)

    yield wait
    await watcher.close()


@pytest.fixture
def mails(kafka):
    """`await mails(person, kind, count)`: the mails that identity asked for."""

    async def read(someone, kind, count=1):
        return await events_of(kafka, MessageRequested, where=lambda e: e.recipient_id == someone.id and e.kind == kind, count=count)

    return read


@pytest.fixture
def asks(identity):
    """`await asks(email)`: asks for a reset; returns the answer when all that was asked for is worked off."""

    async def ask(email):
        here = {"X-Forwarded-For": f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"}
        answer = await identity.client().post("/v1/password-resets", json={"email": email}, headers=here)

        async def done():
            return not await identity.sql("select 1 from password_reset_request")

        await eventually(done)
        return answer

    return ask


@pytest_asyncio.fixture
async def database(identity):
    """The service's own database, as a second process of it would have it."""
    made = Database(identity.database.login_url, "identity")
    yield made
    await made.close()
