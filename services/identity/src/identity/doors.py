"""What identity's endpoints need beside the chassis' doors: passwords are worked on before a transaction opens, and answers that
hold secrets are never kept under an Idempotency-Key."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import structlog
from chassis.database import Database, Transaction
from chassis.http import SignedIn, caller_of
from chassis.limits import network
from chassis.principal import SYSTEM, Principal
from fastapi import Depends, Request
from pydantic import SecretStr

from identity import queries
from identity.commands import attempts, mailed
from identity.commands.passwords import renew_hash
from identity.commands.resets import send_asked
from identity.domain.factors import ChallengeOver
from identity.domain.mailed import Purpose
from identity.domain.passwords import PasswordNotRight
from identity.domain.people import UserNotFound
from identity.domain.sessions import SignInRefused
from identity.schemas.factors import SecondFactorIn
from identity.schemas.mailed import NewPassword
from identity.schemas.passwords import PasswordChange
from identity.schemas.people import SignUp
from identity.schemas.sessions import SignIn
from identity.settings import IdentitySettings
from identity.tokens import hash_of

log = structlog.get_logger()
Now = Annotated[datetime, Depends(lambda: datetime.now(UTC))]


async def _settings(request: Request) -> IdentitySettings:
    settings: IdentitySettings = request.app.state.context.settings
    return settings


ServiceSettings = Annotated[IdentitySettings, Depends(_settings)]


async def _newcomer(request: Request, body: SignUp) -> tuple[SignUp, str]:
    """What was sent, and the password's hash. A repetition is compared without the password: no quick hash of one may be stored."""
    request.state.compared = json.dumps(body.model_dump(mode="json", exclude={"password"}), sort_keys=True).encode()
    hashed: str = await request.app.state.context.resources.hash_new(body.password.get_secret_value(), body.email, body.name)
    return body, hashed


Newcomer = Annotated[tuple[SignUp, str], Depends(_newcomer)]


@dataclass(frozen=True)
class Proof:
    """A right password: of whose account, what its attempt was counted under, and a new hash where parameters have risen."""

    known: Any
    place: str
    counted: attempts.Counted
    renewed: str | None

    async def settle(self, tx: Transaction, now: datetime) -> None:
        """The attempt does not count, and the hash is of today's parameters."""
        await attempts.succeed(tx, self.counted, self.known.user_id, self.place, now)
        if self.renewed:
            await renew_hash(tx, self.known.user_id, self.known.password_hash, self.renewed)


async def _compared(request: Request, known: Any, counted: attempts.Counted, password: SecretStr) -> Proof | None:
    """None unless it is the password of the `known` account; worked on alike where there is none."""
    passwords = request.app.state.context.resources
    fits, renewed = await passwords.compare(password.get_secret_value(), known.password_hash if known else None)
    return Proof(known, _place(request), counted, renewed) if fits else None


def _place(request: Request) -> str:
    return network(caller_of(request).ip)


async def _proven(request: Request, body: SignIn, now: Now) -> Proof:
    """Whose address and password these are. Raises SignInRefused or TooManySignIns, the same whatever is wrong, and as late."""
    email, place = body.email.strip(), _place(request)
    async with request.app.state.context.database.transaction() as tx:
        known = await queries.credential(tx, email, place, now)
        who, at_home = (known.user_id, known.at_home) if known else (email.lower(), False)
        counted = await attempts.begin(tx, who, place, now, at_home=at_home)
    if proof := await _compared(request, known, counted, body.password):
        return proof
    raise SignInRefused


async def _changing(request: Request, body: PasswordChange, who: SignedIn, now: Now) -> AsyncIterator[tuple[Transaction, str, str | None]]:
    """A transaction as the system in the person's name, the new password's hash, and the session that asks.

    Raises PasswordNotRight, TooManySignIns, PasswordNamesYou, PasswordTooCommon, or UserNotFound for an account that was closed.
    """
    context, place = request.app.state.context, _place(request)
    async with context.database.transaction() as tx:
        known = await queries.credential_of(tx, who.user_id, place, now)
        if known is None:
            raise UserNotFound
        counted = await attempts.begin(tx, who.user_id, place, now, at_home=known.at_home)
    proof = await _compared(request, known, counted, body.present)
    if proof is None:
        raise PasswordNotRight
    async with context.database.transaction() as tx:
        await proof.settle(tx, now)
    hashed = await context.resources.hash_new(body.password.get_secret_value(), known.email, known.name)
    async with _acting(request, Principal("system", who.id)) as tx:
        yield tx, hashed, who.session


Changing = Annotated[tuple[Transaction, str, str | None], Depends(_changing, scope="function")]


async def _resetting(request: Request, body: NewPassword, now: Now) -> AsyncIterator[tuple[Transaction, str, str]]:
    """A transaction as the system in the name of the token's owner, the token, and the new password's hash.

    Raises LinkNotUsable, PasswordNamesYou or PasswordTooCommon; the token is not used up yet.
    """
    context, token = request.app.state.context, body.token.get_secret_value()
    async with context.database.transaction() as tx:
        owner = await mailed.holder(tx, token, Purpose.RESET, now)
    hashed = await context.resources.hash_new(body.password.get_secret_value(), owner.email, owner.name)
    async with _acting(request, Principal("system", owner.user_id)) as tx:
        yield tx, token, hashed


Resetting = Annotated[tuple[Transaction, str, str], Depends(_resetting, scope="function")]
_sending: set[asyncio.Task[None]] = set()


async def send_resets_soon(database: Database) -> None:
    """Has the mails sent that were asked for, beside the connection that asked: how long that takes must not be seen on it."""
    task = asyncio.create_task(_send_resets(database))
    _sending.add(task)
    task.add_done_callback(_sending.discard)


async def _send_resets(database: Database) -> None:
    try:
        async with database.transaction() as tx:
            await send_asked(tx, datetime.now(UTC))
    except Exception as error:
        log.warning("password resets wait for the job that sends them", because=repr(error))


def _acting(request: Request, who: Principal) -> AbstractAsyncContextManager[Transaction]:
    """A transaction in that name, whose answer no Idempotency-Key keeps."""
    transaction: AbstractAsyncContextManager[Transaction] = request.app.state.context.database.transaction(who, caller_of(request))
    return transaction


async def _secret(request: Request) -> AsyncIterator[Transaction]:
    async with _acting(request, SYSTEM) as tx:
        yield tx


async def _own_secret(request: Request, who: SignedIn) -> AsyncIterator[Transaction]:
    async with _acting(request, who) as tx:
        yield tx


async def _own_system(request: Request, who: SignedIn) -> AsyncIterator[Transaction]:
    async with _acting(request, Principal("system", who.user_id, session=who.session)) as tx:
        yield tx


async def _proven_secret(request: Request, proof: Annotated[Proof, Depends(_proven)], now: Now) -> AsyncIterator[Transaction]:
    async with _acting(request, Principal("system", proof.known.user_id)) as tx:
        yield tx
        # Last, for the count of one address is what a whole school waits for.
        await proof.settle(tx, now)


async def _challenged(request: Request, body: SecondFactorIn) -> UUID:
    """Whose sign-in the challenge stands for. Raises ChallengeOver."""
    async with request.app.state.context.database.transaction() as tx:
        if user_id := await queries.challenged(tx, hash_of(body.challenge.get_secret_value())):
            return UUID(str(user_id))
    raise ChallengeOver


async def _challenged_secret(request: Request, user_id: Annotated[UUID, Depends(_challenged)]) -> AsyncIterator[Transaction]:
    async with _acting(request, Principal("system", user_id)) as tx:
        yield tx


SecretTransaction = Annotated[Transaction, Depends(_secret, scope="function")]
"""Acts as the system; its answer holds secrets and is kept nowhere."""
ProvenTransaction = Annotated[Transaction, Depends(_proven_secret, scope="function")]
"""The same, in the name of the person whose password was right."""
ChallengedTransaction = Annotated[Transaction, Depends(_challenged_secret, scope="function")]
"""The same, in the name of the person whose sign-in waits for a second factor."""
OwnSystemTransaction = Annotated[Transaction, Depends(_own_system, scope="function")]
"""The same, in the name of whoever is signed in, for what the database keeps from people; the command must guard itself."""
OwnSecretTransaction = Annotated[Transaction, Depends(_own_secret, scope="function")]
"""Acts as the signed-in principal; its answer holds secrets and is kept nowhere."""
