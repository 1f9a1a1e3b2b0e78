"""Idempotency keys: a POST that is sent twice with the same key runs once, and both get the first one's answer (SPEC 3.10)."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from chassis.database import ANSWER_COLUMNS, Transaction
from chassis.errors import Malformed
from chassis.schedule import Job, Slot

HEADER = "Idempotency-Key"
KEPT_HEADERS = ("location", "etag", "content-type")
FIND = """select pg_try_advisory_xact_lock($1) as alone, k.request_hash, k.status, k.headers, k.body
 from (select) as one left join idempotency_key k on k.key_hash = $2"""
WAIT = "select pg_advisory_xact_lock($1)"
KEEP = f"insert into idempotency_key ({ANSWER_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning true"
KEPT_FOR = "7 days"
PRIMARY_KEY = "idempotency_key_pkey"


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
    """A key under which this transaction's answer will be kept; a second request with it waits until this one has ended."""

    key_hash: UUID
    principal: str
    operation: str
    request_hash: bytes

    @property
    def lock(self) -> int:
        """The advisory lock's number."""
        return self.key_hash.int % 2**63


async def claim(tx: Transaction, request: Request) -> Claim | None:
    """Takes the request's key, if it has one. The lock only spares work: that one answer stands is the primary key's doing.

    Raises AnsweredBefore with the first answer, or IdempotencyKeyReused when the body differs from the first one's.
    Where the body holds a secret, of which no quick hash may be stored, `request.state.compared` holds what is compared in its place.
    """
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST":
        return None
    if not 1 <= len(key) <= 255:
        raise IdempotencyKeyTooLong("An Idempotency-Key has 1 to 255 characters. Send a shorter one, such as a UUID.")
    operation = f"{request.method} {request.url.path}"
    named = hashlib.sha256("\n".join((tx.principal.name, operation, key)).encode()).digest()
    compared: bytes = getattr(request.state, "compared", None) or await request.body()
    taken = Claim(
        UUID(bytes=named[:16]), tx.principal.name, operation, hashlib.sha256(request.url.query.encode() + b"\n" + compared).digest()
    )
    found = await tx.raw.fetchrow(FIND, taken.lock, taken.key_hash)
    if not found["alone"]:
        await tx.raw.execute(WAIT, taken.lock)
        found = await tx.raw.fetchrow(FIND, taken.lock, taken.key_hash)
    if found["status"] is not None:
        raise _first_answer(found, taken)
    return taken


async def _forget(tx: Transaction, _: Slot) -> None:
    await tx.execute(f"delete from idempotency_key where created_at < now() - interval '{KEPT_FOR}'")


FORGET = Job("forget-idempotency-keys", "15 4 * * *", _forget)
"""Drops answers that nobody asks for again."""


def _first_answer(found: Any, taken: Claim) -> Exception:
    if found["request_hash"] != taken.request_hash:
        return IdempotencyKeyReused("This Idempotency-Key was used for another request. Send a new key with the new request.")
    headers = {**json.loads(found["headers"]), "Idempotency-Replayed": "true"}
    return AnsweredBefore(Response(found["body"], found["status"], headers))


def keep(tx: Transaction, taken: Claim, response: Response) -> None:
    """Keeps `response` as the answer to the key: it is written with the rest of the transaction, or not at all."""
    headers = json.dumps({name: response.headers[name] for name in KEPT_HEADERS if name in response.headers})
    who = (taken.key_hash, taken.principal, taken.operation, taken.request_hash)
    tx.answer = (*who, response.status_code, headers, bytes(response.body))


async def keep_refusal(tx: Transaction, taken: Claim, response: Response) -> None:
    """Keeps the answer to a command that was refused and rolled back, in a transaction of its own.

    Raises AnsweredBefore when a request with the same key was answered in between: everyone gets one and the same answer.
    """
    keep(tx, taken, response)
    answer, tx.answer = tx.answer, None
    if not await tx.raw.fetchval(KEEP, *(answer or ())):
        raise _first_answer(await tx.raw.fetchrow(FIND, taken.lock, taken.key_hash), taken)
