"""Files: a local folder, S3 or memory behind one interface, chosen by the `storage` setting's address."""

from pathlib import Path

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import ObjectStore, from_url

from chassis.errors import NotFound


class FileNotThere(NotFound):
    """No file lies under that name."""


class Storage:
    """Puts and gets whole files by name (`a/b/c.jpg`). A put replaces; a get of what is not there raises FileNotThere."""

    def __init__(self, url: str) -> None:
        if url.startswith("file://"):
            Path(url.removeprefix("file://")).mkdir(parents=True, exist_ok=True)
        self._store: ObjectStore = from_url(url)

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
