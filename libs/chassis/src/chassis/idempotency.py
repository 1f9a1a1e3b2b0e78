"""Idempotency keys: a POST that is sent twice with the same key runs once, and both get the first one's answer (SPEC 3.10)."""

import hashlib
import json
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from chassis.database import Transaction
from chassis.errors import Malformed

HEADER = "Idempotency-Key"
KEPT_HEADERS = ("location", "etag", "content-type")
CLAIM = """insert into idempotency_key (principal, operation, key, request_hash) values ($1, $2, $3, $4)
 on conflict do nothing returning true"""
FIND = "select request_hash, status, headers, body from idempotency_key where principal = $1 and operation = $2 and key = $3"
KEEP = "update idempotency_key set status = $4, headers = $5::text::jsonb, body = $6 where principal = $1 and operation = $2 and key = $3"


class IdempotencyKeyReused(Malformed):
    """The key was used for another request."""


class IdempotencyKeyTooLong(Malformed):
    """The key is not usable."""


class AnsweredBefore(Exception):
    """Carries the first answer to whoever asks again with the same key."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that this transaction holds; a second request with it waits until the first has ended."""

    principal: str
    operation: str
    key: str


async def claim(tx: Transaction, request: Request) -> Claim | None:
    """Takes the request's key, if it has one, and sets a savepoint so that a refusal can be kept as the answer.

    Raises AnsweredBefore with the first answer, or IdempotencyKeyReused when the body differs from the first one's.
    Where the body holds a secret, of which no quick hash may be stored, `request.state.compared` holds what is compared in its place.
    """
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST":
        return None
    if not 1 <= len(key) <= 255:
        raise IdempotencyKeyTooLong("An Idempotency-Key has 1 to 255 characters. Send a shorter one, such as a UUID.")
    taken = Claim(tx.principal.name, f"{request.method} {request.url.path}", key)
    compared: bytes = getattr(request.state, "compared", None) or await request.body()
    digest = hashlib.sha256(request.url.query.encode() + b"\n" + compared).digest()
    driver = await tx.driver()
    if not await driver.fetchval(CLAIM, taken.principal, taken.operation, taken.key, digest):
        found = await driver.fetchrow(FIND, taken.principal, taken.operation, taken.key)
        if found["request_hash"] != digest:
            raise IdempotencyKeyReused("This Idempotency-Key was used for another request. Send a new key with the new request.")
        raise AnsweredBefore(_answer(found["status"], found["headers"], found["body"]))
    await driver.execute("savepoint command")
    return taken


def _answer(status: int, headers: str | dict[str, str], body: bytes) -> Response:
    told = json.loads(headers) if isinstance(headers, str) else headers
    return Response(body, status, {**told, "Idempotency-Replayed": "true"})


async def keep(tx: Transaction, taken: Claim, response: Response) -> None:
    """Keeps `response` as the answer to the key, in the same transaction as the work."""
    headers = json.dumps({name: response.headers[name] for name in KEPT_HEADERS if name in response.headers})
    await (await tx.driver()).execute(
        KEEP, taken.principal, taken.operation, taken.key, response.status_code, headers, bytes(response.body)
    )


async def undo(tx: Transaction) -> None:
    """Takes back what the refused command did, but not the claim."""
    await (await tx.driver()).execute("rollback to savepoint command")
    tx.events.clear()
    tx.audits.clear()
