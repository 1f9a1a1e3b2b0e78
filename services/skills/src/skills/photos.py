"""Photos in and out: pictures and files are handled outside of any transaction; the row follows when the files are there."""

import asyncio
from typing import Any
from uuid import UUID

import uuid_utils
from chassis.disclosures import disclose
from chassis.errors import Refusal
from chassis.principal import Caller, Principal
from chassis.service import Context
from chassis.settings import Settings
from contracts.people import UserChanged

from skills import domain, imaging, queries
from skills.commands import entries

Here = Context[Settings]
AT_ONCE = asyncio.Semaphore(2)
"""How many pictures are decoded at once: each may take some hundred megabytes for a moment."""


async def keep(context: Here, who: Principal, caller: Caller, entry_id: UUID, kind: str, content: bytes) -> Any:
    """Stores a photo of one's own entry in place of the one before. Raises EntryNotFound, NotEditable, PhotoTooLarge, PhotoNotReadable."""
    async with context.database.transaction(who, caller) as tx:
        await entries.lock_own(tx, entry_id)
    async with AT_ONCE:
        photo = await asyncio.to_thread(imaging.clean, content)
    name = f"entries/{entry_id}/{kind}-{uuid_utils.uuid7()}"
    await context.storage.put(_file(name, "full"), photo.full)
    await context.storage.put(_file(name, "thumbnail"), photo.thumbnail)
    try:
        async with context.database.transaction(who, caller) as tx:
            row, unused = await entries.keep_photo(tx, entry_id, kind, name)
    except Refusal:
        await _forget(context, name)
        raise
    await _forget(context, unused)
    return row


async def _forget(context: Here, name: str | None) -> None:
    """Removes files that no row names. After a commit whose end is not known the new ones stay: a row may name them."""
    if name:
        await context.storage.delete(_file(name, "full"))
        await context.storage.delete(_file(name, "thumbnail"))


async def erase(context: Here, event: UserChanged) -> None:
    """Deletes the photos of somebody who was erased; does nothing for anybody else. The rows name them until they are erased too."""
    if event.status == "erased":
        async with context.database.transaction() as tx:
            rows = await queries.entries_of(tx, event.user_id)
        for row in rows:
            await _forget(context, row.before_photo)
            await _forget(context, row.after_photo)


async def show(context: Here, who: Principal, caller: Caller, entry_id: UUID, kind: str, size: str) -> bytes:
    """The JPEG of a photo that `who` may see. Raises EntryNotFound, PhotoNotFound."""
    async with context.database.transaction(who, caller) as tx:
        row = await queries.entry(tx, entry_id)
        disclose(tx, [row.student_id])
    name: str | None = getattr(row, f"{kind}_photo")
    if name is None:
        raise domain.PhotoNotFound(f"This entry has no {kind} photo.")
    return await context.storage.get(_file(name, size))


def _file(name: str, size: str) -> str:
    return f"{name}.jpg" if size == "full" else f"{name}-thumbnail.jpg"
