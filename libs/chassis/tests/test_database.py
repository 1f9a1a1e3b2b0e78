"""The pool against a server that goes away in the middle."""

import asyncio
import struct
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from chassis.database import Database, is_transient

GOODBYE = b"SFATAL\0VFATAL\0C57P02\0Mterminating connection because of crash of another server process\0\0"


class Between:
    """Stands between client and server, and can say goodbye in the server's name without closing the connection."""

    def __init__(self, url: str) -> None:
        self.server = urlsplit(url)
        self.clients: list[asyncio.StreamWriter] = []

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients.append(writer)
        there, back = await asyncio.open_connection(self.server.hostname, self.server.port)
        await asyncio.gather(self.carry(reader, back), self.carry(there, writer))

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    def say_goodbye(self) -> None:
        self.clients[-1].write(b"E" + struct.pack("!i", len(GOODBYE) + 4) + GOODBYE)


@asynccontextmanager
async def standing_between(url):
    between = Between(url)
    listening = await asyncio.start_server(between.accept, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    database = Database(url.replace(f":{between.server.port}/", f":{port}/"), "toy", pool_size=1)
    yield between, database
    await database.close()
    listening.close()


async def cut_off(between, database):
    async with database.transaction() as tx:
        await tx.raw.fetchval("select 1")
        between.say_goodbye()
        await asyncio.sleep(0.3)
        await tx.raw.fetchval("select 1")


async def test_a_goodbye_in_the_middle_of_a_transaction_passes_and_the_next_one_works(bare):
    async with standing_between(bare.database.login_url) as (between, database):
        with pytest.raises(Exception, match="another operation") as met:
            await cut_off(between, database)
        assert is_transient(met.value), repr(met.value)
        async with database.transaction() as tx:
            assert await tx.scalar("select 1") == 1
