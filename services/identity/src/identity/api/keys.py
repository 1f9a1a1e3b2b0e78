"""The keys that access tokens are checked with."""

from typing import Any

from chassis.http import OpenTransaction, Route
from fastapi import APIRouter, Response

from identity.commands.keys import published_keys

router = APIRouter(route_class=Route)


@router.get("/.well-known/jwks.json", operation_id="getKeys")
async def keys(tx: OpenTransaction, answer: Response) -> dict[str, list[dict[str, Any]]]:
    """The keys that access tokens are checked with."""
    answer.headers["Cache-Control"] = "public, max-age=60"
    return await published_keys(tx)
