"""Files: a local folder, S3 or memory behind one interface, chosen by the `storage` setting's address."""

import os
import shutil
from pathlib import Path

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import ObjectStore, from_url

from chassis.errors import NotFound

ROOM = 64 << 20
"""Bytes: some photos of the largest size at once."""


class FileNotThere(NotFound):
    """No file lies under that name."""


class Storage:
    """Puts and gets whole files by name (`a/b/c.jpg`). A put replaces; a get of what is not there raises FileNotThere."""

    def __init__(self, url: str) -> None:
        self._folder = Path(url.removeprefix("file://")) if url.startswith("file://") else None
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
        self._store: ObjectStore = from_url(url)

    def trouble(self) -> str | None:
        """Why a file could not be put just now, where that can be known beforehand: a local folder that is full or not ours to write."""
        if self._folder is None:
            return None
        if not os.access(self._folder, os.W_OK):
            return f"at {self._folder} cannot be written to by this user"
        free = shutil.disk_usage(self._folder).free
        return f"at {self._folder} is full: {free >> 20} MiB free of the {ROOM >> 20} that it wants" if free < ROOM else None

    async def put(self, name: str, content: bytes) -> None:
        """Stores the file; it is there whole or not at all."""
        await obstore.put_async(self._store, name, content)

    async def get(self, name: str) -> bytes:
        """The file's bytes."""
        try:
            return bytes(await (await obstore.get_async(self._store, name)).bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise FileNotThere("This file is not there any more.") from error

    async def delete(self, name: str) -> None:
        """Removes the file; that there is none is no error."""
        try:
            await obstore.delete_async(self._store, name)
        except (NotFoundError, FileNotFoundError):
            return
