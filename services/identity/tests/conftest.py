import secrets
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from dev.processes import free_port

pytest_plugins = ["dev.testing", "dev.harness"]
PASSWORD = "correct horse battery"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def identity(start_service):
    """identity checks its tokens against its own address, like every other service."""
    port = free_port()
    own = {"CHAIRSIDE_PORT": str(port), "CHAIRSIDE_JWKS_URL": f"http://127.0.0.1:{port}/.well-known/jwks.json"}
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
        headers = {"Authorization": f"Bearer {access_token or self.session['access_token']}"}
        client = httpx.AsyncClient(base_url=self.service.url, headers=headers, timeout=20)
        self.service.clients.append(client)
        return client


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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def admin(identity, newcomer):
    """An administrator, made by the command line, signed in."""
    body = newcomer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAIRSIDE_ADMIN_PASSWORD", PASSWORD)
        told = identity.run("create-admin", "--email", body["email"], "--name", "Ada Okafor")
    assert told.returncode == 0, told.stderr
    made = Person(identity, body["email"], {"id": told.stdout.split()[1]})
    await made.sign_in()
    return made
