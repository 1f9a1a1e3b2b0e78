"""Refusals and how they look: the body of a plausible outside API, not Chairside's own problem+json."""

from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException


class Refused(Exception):
    """A request that cannot be served: an HTTP status, a stable code, a sentence, and whatever else the body shall hold."""

    def __init__(self, status: int, code: str, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.extra = status, code, message, extra


def error_response(status: int, code: str, message: str, headers: dict[str, str] | None = None, **extra: Any) -> JSONResponse:
    """Give `{"error": {"status", "code", "message"}, ...extra}` as a response."""
    return JSONResponse({"error": {"status": status, "code": code, "message": message}, **extra}, status, headers)


async def refused(_: Request, error: Exception) -> JSONResponse:
    """Answer a Refused."""
    assert isinstance(error, Refused)
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    return error_response(error.status, error.code, error.message, headers, **error.extra)


async def invalid(_: Request, error: Exception) -> JSONResponse:
    """Answer a body or query that does not fit, naming each field but never repeating what was sent."""
    assert isinstance(error, RequestValidationError)
    fields = [{"field": ".".join(str(step) for step in item["loc"]), "message": item["msg"]} for item in error.errors()]
    return error_response(422, "invalid_request", "The request does not fit; correct the fields that are listed.", fields=fields)


async def unroutable(_: Request, error: Exception) -> JSONResponse:
    """Answer an unknown path, or a method that a path does not have."""
    assert isinstance(error, HTTPException)
    return error_response(error.status_code, "no_such_endpoint", str(error.detail), dict(error.headers or {}))
