"""Refusals as `application/problem+json` (RFC 9457), each with a stable type and a sentence that says what to do (SPEC 3.10, 4)."""

import json
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chassis import errors
from chassis.database import is_transient, is_unkeepable
from chassis.idempotency import AnsweredBefore
from chassis.telemetry import current_trace_id

log = structlog.get_logger()
STATUS: dict[type[errors.Refusal], int] = {
    errors.Malformed: 422,
    errors.NotSignedIn: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.StaleVersion: 412,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "A stable name, e.g. `/problems/day-is-full`"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and what to do, for a person"},
        "trace_id": {"type": ["string", "null"], "description": "What to tell us when it stays"},
    },
}
_DESCRIBED = {"content": {"application/problem+json": {"schema": _PROBLEM}}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "Refused; nothing was done", **_DESCRIBED},
    "5XX": {"description": "Our fault, or something away just now; try again", **_DESCRIBED},
}
"""How OpenAPI documents describe every refusal."""
TITLES = {404: "Not found", 405: "Method not allowed", 415: "Unsupported media type"}


def problem(status: int, kind: str, sentence: str, **extra: Any) -> Response:
    """A problem document. `kind` is the kebab-case name under `/problems/`."""
    body = {
        "type": f"/problems/{kind}",
        "title": kind.replace("-", " ").capitalize(),
        "status": status,
        "detail": sentence,
        "trace_id": current_trace_id(),
        **extra,
    }
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {"Retry-After": "2"} if status == 503 else None
    return Response(json.dumps(body, default=str), status, headers, "application/problem+json")


def of_refusal(refusal: errors.Refusal) -> Response:
    """The answer to a refusal, by the nearest kind that has a status; its `retry_after` (seconds) is the header of that name too."""
    status = next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)
    answer = problem(status, refusal.problem_type(), refusal.sentence, **refusal.extra)
    if "retry_after" in refusal.extra:
        answer.headers["Retry-After"] = str(refusal.extra["retry_after"])
    return answer


def too_large() -> Response:
    """The answer to a body that is larger than its address takes (`limits`)."""
    return problem(413, "too-large", "More came in one request than this address takes. Send less at once.")


def of_malformed(error: RequestValidationError) -> Response:
    """Says of each field what is wrong with it; what was sent is not repeated."""
    fields = [{"field": ".".join(str(part) for part in each["loc"]), "problem": each["msg"]} for each in error.errors()]
    named = "; ".join(f"{each['field']}: {each['problem']}" for each in fields[:5])
    return problem(422, "malformed-request", f"The request is not in the form that this address takes. Correct {named}.", errors=fields)


def of_fault(error: Exception) -> Response:
    """What nobody foresaw: a text that cannot be kept is the caller's to mend; a fault of ours is logged whole, and answered without a
    word of its inside.
    """
    if is_unkeepable(error):
        return problem(
            422, "malformed-request", "A text in the request holds a NUL character, which cannot be kept. Take it out and try again."
        )
    if is_transient(error):
        log.warning("request failed for now", because=repr(error))
        return problem(503, "unavailable", "Something that this needs does not answer just now. Try again in a moment.")
    log.error("request failed", exc_info=error)
    return problem(500, "internal-error", "Something went wrong on our side. Try again; if it stays, tell us the trace_id.")


def install(app: FastAPI) -> None:
    """Makes `app` answer every refusal and fault this way."""

    async def refusal(_: Request, error: Exception) -> Response:
        return of_refusal(error)  # type: ignore[arg-type]

    async def malformed(_: Request, error: Exception) -> Response:
        return of_malformed(error)  # type: ignore[arg-type]

    async def answered(_: Request, error: Exception) -> Response:
        return error.response  # type: ignore[attr-defined,no-any-return]

    async def http(_: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 500)
        if status == 413:
            return too_large()
        kind = TITLES.get(status, "Request refused").lower().replace(" ", "-")
        return problem(status, kind, str(getattr(error, "detail", "")) or "This address does not take that request.")

    async def fault(_: Request, error: Exception) -> Response:
        return of_fault(error)

    app.add_exception_handler(errors.Refusal, refusal)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(AnsweredBefore, answered)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, fault)
