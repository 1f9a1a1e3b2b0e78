"""What a running sandbox holds, and the dependencies that hand it to the routes.

Every route and dependency is `async` and awaits nothing while it uses the database: the event loop alone serialises them.
"""

import hmac
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import Headers

from dev.sandbox import clock
from dev.sandbox.errors import Refused
from dev.sandbox.faults import Faults
from dev.sandbox.journal import Journal


@dataclass
class Sandbox:
    """The parts of one running sandbox."""

    db: sqlite3.Connection
    tokens: Mapping[str, str]
    faults: Faults = field(default_factory=Faults)
    journal: Journal = field(default_factory=Journal)

    def tenant_of(self, headers: Headers) -> str | None:
        """Give the tenant whose bearer token the headers carry, or None."""
        scheme, _, sent = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        for token, tenant in self.tokens.items():
            if hmac.compare_digest(token.encode(), sent.strip().encode("utf-8", "surrogateescape")):
                return tenant
        return None


async def _sandbox(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


async def _database(request: Request) -> sqlite3.Connection:
    return (await _sandbox(request)).db


async def _now(request: Request) -> datetime:
    return clock.now(await _database(request))


async def _tenant(request: Request) -> str:
    tenant = (await _sandbox(request)).tenant_of(request.headers)
    if tenant is None:
        raise Refused(401, "unauthorized", "Send the tenant's token in an `Authorization: Bearer` header.")
    return tenant


Here = Annotated[Sandbox, Depends(_sandbox)]
Database = Annotated[sqlite3.Connection, Depends(_database)]
Now = Annotated[datetime, Depends(_now)]
Tenant = Annotated[str, Depends(_tenant)]
