"""What access tokens are checked with."""

from typing import Any, Literal
from uuid import UUID

from chassis.http import OpenTransaction, Route
from fastapi import APIRouter, Response

from identity import queries
from identity.commands.keys import published_keys
from identity.doors import Now, ServiceSettings
from identity.sealing import signing_seal

router = APIRouter(route_class=Route)


@router.get("/.well-known/jwks.json", operation_id="getKeys")
async def keys(tx: OpenTransaction, settings: ServiceSettings, now: Now, answer: Response) -> dict[str, list[dict[str, Any]]]:
    """The keys that access tokens are checked with."""
    answer.headers["Cache-Control"] = "public, max-age=60"
    return await published_keys(tx, signing_seal(settings), now)


@router.get("/.well-known/revoked-sessions", operation_id="getRevokedSessions")
async def revoked_sessions(tx: OpenTransaction, now: Now) -> dict[Literal["revoked"], list[UUID]]:
    """Sessions of administrators and payroll admins that ended while their access tokens may still be good (decision 11)."""
    return {"revoked": await queries.revoked_sessions(tx, now)}
