"""Stands before the outside systems: notes every request and inflicts the faults that are in force."""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dev.sandbox import clock
from dev.sandbox.errors import error_response
from dev.sandbox.state import Sandbox

OUTSIDE = "/milady/"


class OutsideWorld:
    """ASGI middleware; what does not lie under an outside system (pages, control) passes untouched."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app, self._sandbox = app, sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith(OUTSIDE):
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        tenant = self._sandbox.tenant_of(headers)
        exchange = self._sandbox.journal.begin(
            at=clock.stamp(clock.now(self._sandbox.db)),
            tenant=tenant,
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            traceparent=headers.get("traceparent"),
        )

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
            await send(message)

        await self._inflict(scope, receive, noted, tenant)

    async def _inflict(self, scope: Scope, receive: Receive, send: Send, tenant: str | None) -> None:
        faults = self._sandbox.faults
        if seconds := faults.latency_seconds():
            await asyncio.sleep(seconds)
        if faults.settings.down:
            return await error_response(503, "unavailable", "The service is down for maintenance; try again later.")(scope, receive, send)
        if tenant and (wait := faults.retry_after(tenant)):
            refusal = error_response(429, "rate_limited", f"Too many requests; try again in {wait} s.", {"Retry-After": str(wait)})
            return await refusal(scope, receive, send)
        if faults.settings.next and (fault := faults.take_next(scope["method"], scope["path"])):
            if fault.kind == "malformed":
                return await self._app(scope, receive, _halving(send))
            if fault.kind == "late":
                return await self._app(scope, receive, self._delaying(receive, send, fault.seconds))
            if fault.kind == "hold":
                await self._hold(receive, fault.seconds)
            status = 504 if fault.kind == "hold" else fault.status
            return await error_response(status, "injected_fault", "This answer was ordered at /control/faults.")(scope, receive, send)
        if faults.errs():
            answer = error_response(faults.settings.error_status, "injected_error", "This error was drawn by lot at /control/faults.")
            return await answer(scope, receive, send)
        await self._app(scope, receive, send)

    async def _hold(self, receive: Receive, seconds: float) -> None:
        """Wait, but no longer than the client does, nor than the faults are in force."""
        waits = [asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(self._sandbox.faults.replaced.wait())]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _delaying(self, receive: Receive, send: Send, seconds: float) -> Send:
        async def delayed(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._hold(receive, seconds)
            await send(message)

        return delayed


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _halving(send: Send) -> Send:
    start: Message = {}
    body = bytearray()

    async def halved(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body.extend(message.get("body", b""))
        if not message.get("more_body", False):
            half = bytes(body[: len(body) // 2])
            MutableHeaders(scope=start)["content-length"] = str(len(half))
            await send(start)
            await send({"type": "http.response.body", "body": half})

    return halved
