"""Passwords: argon2id with the parameters that OWASP names for modest memory, in threads of their own (SPEC 3.10)."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
AT_ONCE = 2


class Passwords:
    """Hashes and checks, two at once: each takes 19 MiB and a core for as long as it runs."""

    def __init__(self) -> None:
        self.hasher = PasswordHash((Argon2Hasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES),))
        self.threads = ThreadPoolExecutor(AT_ONCE, "passwords")
        self._nobodys = self.hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """The hash to store; it names its own parameters and salt."""
        hashed: str = await self._in_thread(self.hasher.hash, password)
        return hashed

    async def fits(self, password: str, stored: str | None) -> bool:
        """Whether the password is the one that was hashed. Without a hash it takes as long, so that time does not tell who is known."""
        fitting: bool = await self._in_thread(self.hasher.verify, password, stored or self._nobodys)
        return fitting and stored is not None

    async def _in_thread(self, work: Any, *arguments: str) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.threads, work, *arguments)


@asynccontextmanager
async def passwords(_: Any) -> AsyncIterator[Passwords]:
    """The process' Passwords, for as long as it lives."""
    made = Passwords()
    try:
        yield made
    finally:
        made.threads.shutdown(wait=False, cancel_futures=True)
