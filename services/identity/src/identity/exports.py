"""Gathering an export from the services over HTTP, outside of any transaction; and the archive as it is sent."""

import asyncio
import io
import re
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import httpx
import structlog
from chassis.database import is_transient
from chassis.principal import Principal
from chassis.service import Context

from identity import queries
from identity.commands import exports as commands
from identity.domain.exports import BUDGET
from identity.settings import IdentitySettings

log = structlog.get_logger()
Here = Context[IdentitySettings]
IDLE = 1.0
PATH = re.compile(r"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")
"""What a service may name as the address of a file: nothing of it leads a call elsewhere."""
TIMEOUT = httpx.Timeout(30, connect=3)


class NotGiven(Exception):
    """A service did not give what it was asked for; the message says so to the person."""


async def gather(context: Here) -> None:
    """Asks services, one after the other, for as long as the process lives. After a crash another one goes on where this one was."""
    async with httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False) as http:
        while True:
            try:
                busy = await round_of(context, http)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("exports wait", because=repr(error))
                busy = False
            if not busy:
                await asyncio.sleep(IDLE)


async def round_of(context: Here, http: httpx.AsyncClient) -> bool:
    """Asks one service for what is due; gives whether there was any."""
    async with context.database.transaction() as tx:
        claimed = await commands.claim(tx, context.settings, datetime.now(UTC))
    if claimed is None:
        return False
    try:
        async with asyncio.timeout(BUDGET.total_seconds()):
            await _ask(context, http, claimed)
    except (NotGiven, TimeoutError) as error:
        reason = str(error) or f"{claimed.service} took longer than {BUDGET.total_seconds():.0f} seconds."
        log.warning("export waits", service=claimed.service, export=str(claimed.export_id), because=reason)
        async with context.database.transaction() as tx:
            await commands.put_off(tx, claimed, reason, datetime.now(UTC))
    else:
        async with context.database.transaction() as tx:
            await commands.note_done(tx, claimed)
    return True


async def _ask(context: Here, http: httpx.AsyncClient, claimed: commands.Claimed) -> None:
    """The rows of the person, and each of their files that is not here yet. Raises NotGiven."""
    base = context.settings.services_url.format(service=claimed.service)
    answer = await _get(http, claimed, f"{base}/v1/people/{claimed.user_id}/records")
    try:
        files = dict(answer.json()["files"])
        if not all(PATH.fullmatch(path) for path in files.values()):
            raise ValueError("an address that is none")
    except (ValueError, KeyError, TypeError) as error:
        raise NotGiven(f"{claimed.service} did not answer with records.") from error
    await _keep(context, claimed, f"{claimed.service}.json", answer.content)
    async with context.database.transaction() as tx:
        known = set(await queries.export_files(tx, claimed.export_id))
    for name, path in files.items():
        if (kept := f"{claimed.service}/{name}") not in known:
            await _keep(context, claimed, kept, (await _get(http, claimed, f"{base}{path}")).content)


async def _get(http: httpx.AsyncClient, claimed: commands.Claimed, url: str) -> httpx.Response:
    try:
        answer = await http.get(url, headers={"Authorization": f"Bearer {claimed.token}"})
    except httpx.HTTPError as error:
        raise NotGiven(f"{claimed.service} does not answer.") from error
    if not answer.is_success:
        raise NotGiven(f"{claimed.service} answered {answer.status_code}.")
    return answer


async def _keep(context: Here, claimed: commands.Claimed, name: str, content: bytes) -> None:
    async with context.database.transaction() as tx:
        await commands.keep(tx, claimed, name, content)


class _Sink(io.RawIOBase):
    """What a ZIP file is written to, and taken from piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        """So that zipfile writes here."""
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        """Keeps it until it is taken."""
        self.pieces.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        """What has come since the last time."""
        taken, self.pieces = b"".join(self.pieces), []
        return taken


async def archive(context: Here, who: Principal, export_id: UUID, names: Sequence[str]) -> AsyncIterator[bytes]:
    """The ZIP file of an export, which is in memory one file at a time. Photos are as small as they get: nothing is compressed again."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as made:
        for name in names:
            async with context.database.transaction(who) as tx:
                content = await queries.export_content(tx, export_id, name)
            if content is not None:
                how = zipfile.ZIP_DEFLATED if name.endswith(".json") else zipfile.ZIP_STORED
                await asyncio.to_thread(made.writestr, name, content, how)
                yield sink.take()
    yield sink.take()
