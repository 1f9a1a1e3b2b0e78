"""Passwords: argon2id with the parameters that OWASP names for modest memory, in threads of their own (SPEC 3.10)."""

import asyncio
import ctypes
import secrets
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from identity.domain.passwords import check_new

MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
GLIBC_MMAP_THRESHOLD = -3


class Passwords:
    """Hashes and checks, one at a time: each takes 19 MiB and a core while it runs (some 20 ms); more processes do more at once."""

    def __init__(self) -> None:
        self.hasher = PasswordHash((Argon2Hasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES),))
        self.threads = ThreadPoolExecutor(1, "passwords")
        self._nobodys = self.hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """The hash to store; it names its own parameters and salt."""
        hashed: str = await self._in_thread(self.hasher.hash, password)
        return hashed

    async def hash_new(self, password: str, email: str, name: str) -> str:
        """The hash of a password that the person with that address and name chose. Raises PasswordNamesYou or PasswordTooCommon."""
        await self._in_thread(check_new, password, email, name)
        return await self.hash(password)

    async def fits(self, password: str, stored: str | None) -> bool:
        """Whether the password is the one that was hashed. Without a hash it takes as long, so that time does not tell who is known."""
        return (await self.compare(password, stored))[0]

    async def compare(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """The same, and a new hash where the stored one was made with other parameters than today's."""
        fitting, renewed = await self._in_thread(self.hasher.verify_and_update, password, stored or self._nobodys)
        return fitting and stored is not None, renewed

    async def _in_thread(self, work: Any, *arguments: str) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.threads, work, *arguments)


def _give_memory_back() -> None:
    """Has glibc return each hash's memory to the system at once; it would keep it, seeing how often it is wanted."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(GLIBC_MMAP_THRESHOLD, 1024 * 1024)


@asynccontextmanager
async def passwords(_: Any) -> AsyncIterator[Passwords]:
    """The process' Passwords, for as long as it lives."""
    _give_memory_back()
    made = Passwords()
    try:
        yield made
    finally:
        made.threads.shutdown(wait=False, cancel_futures=True)
