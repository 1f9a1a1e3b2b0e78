"""What identity's endpoints need beside the chassis' doors: passwords are worked on before a transaction opens, and answers that
hold secrets are never kept under an Idempotency-Key."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from chassis.database import Transaction
from chassis.http import caller_of
from chassis.principal import SYSTEM, Principal
from chassis.settings import Settings
from fastapi import Depends, Request, Response

from identity import queries
from identity.domain.sessions import SignInRefused
from identity.schemas.people import SignUp
from identity.schemas.sessions import SignIn

Now = Annotated[datetime, Depends(lambda: datetime.now(UTC))]


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.context.settings
    return settings


ServiceSettings = Annotated[Settings, Depends(_settings)]


async def _newcomer(request: Request, body: SignUp) -> tuple[SignUp, str]:
    """What was sent, and the password's hash. A repetition is compared without the password: no quick hash of one may be stored."""
    request.state.compared = json.dumps(body.model_dump(mode="json", exclude={"password"}), sort_keys=True).encode()
    hashed: str = await request.app.state.context.resources.hash(body.password.get_secret_value())
    return body, hashed


Newcomer = Annotated[tuple[SignUp, str], Depends(_newcomer)]


async def _proven(request: Request, body: SignIn) -> UUID:
    """Whose address and password these are. Raises SignInRefused, the same whatever is wrong, and as late."""
    context = request.app.state.context
    async with context.database.transaction() as tx:
        known = await queries.credential(tx, body.email.strip())
    fits = await context.resources.fits(body.password.get_secret_value(), known.password_hash if known else None)
    if known is None or not fits:
        raise SignInRefused
    return UUID(str(known.user_id))


Proven = Annotated[UUID, Depends(_proven)]


async def _secret(request: Request, response: Response) -> AsyncIterator[Transaction]:
    response.headers["Cache-Control"] = "no-store"
    async with request.app.state.context.database.transaction(SYSTEM, caller_of(request)) as tx:
        yield tx


async def _proven_secret(request: Request, response: Response, user_id: Proven) -> AsyncIterator[Transaction]:
    response.headers["Cache-Control"] = "no-store"
    async with request.app.state.context.database.transaction(Principal("system", user_id), caller_of(request)) as tx:
        yield tx


SecretTransaction = Annotated[Transaction, Depends(_secret, scope="function")]
"""Acts as the system; its answer holds secrets and is kept nowhere."""
ProvenTransaction = Annotated[Transaction, Depends(_proven_secret, scope="function")]
"""The same, in the name of the person whose password was right."""
