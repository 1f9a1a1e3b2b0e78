"""A TCP proxy that misbehaves on request, between the services and what they lean on: `python -m dev.proxy`.

CHAIRSIDE_PROXY_ROUTES says what leads where, e.g. `8113=127.0.0.1:8110,8114=127.0.0.1:8116`; CHAIRSIDE_PORT is where it is told what to do:
a line `pass`, `reset` (every connection ends with RST), `slow SECONDS` (each piece waits so long) or `stall` (until `pass`).
"""

import asyncio
import os
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field

_CHUNK = 64 * 1024


@dataclass
class Proxy:
    """All routes of one process, which misbehave together."""

    delay: float = 0.0
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
        """One client's connection, to its end."""
        try:
            there = await asyncio.open_connection(host, port)
        except OSError:
            _reset(writer)
            return
        self.writers |= {writer, there[1]}
        await asyncio.gather(self._pump(reader, there[1]), self._pump(there[0], writer))
        self.writers -= {writer, there[1]}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(_CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self.flowing.wait()
                writer.write(piece)
                await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.close()

    async def obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Takes one line, does what it says, answers `ok`."""
        word, _, value = (await reader.readline()).decode().strip().partition(" ")
        answer = b"ok\n"
        if word == "reset":
            for one in list(self.writers):
                _reset(one)
        elif word in ("pass", "slow", "stall"):
            self.delay = float(value) if word == "slow" else 0.0
            self.flowing.clear() if word == "stall" else self.flowing.set()
        else:
            answer = b"say pass, reset, slow SECONDS or stall\n"
        writer.write(answer)
        await writer.drain()
        writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection with RST in place of FIN."""
    with suppress(OSError):
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def serve(host: str, port: int, routes: str) -> None:
    """Listens until it is cancelled."""
    proxy = Proxy()
    proxy.flowing.set()
    servers = [await asyncio.start_server(proxy.obey, host, port)]
    for route in routes.split(","):
        local, _, there = route.partition("=")
        target, _, number = there.rpartition(":")

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: tuple[str, int] = (target, int(number))) -> None:
            await proxy.carry(reader, writer, *to)

        servers.append(await asyncio.start_server(carry, host, int(local)))
    await asyncio.gather(*(server.serve_forever() for server in servers))


def tell(port: int, line: str) -> None:
    """Tells the proxy on 127.0.0.1:`port` what to do; returns when it has."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(line.encode() + b"\n")
        answer = connection.recv(200)
    if answer != b"ok\n":
        raise ValueError(answer.decode())


if __name__ == "__main__":
    here = os.environ.get("CHAIRSIDE_HOST", "127.0.0.1"), int(os.environ["CHAIRSIDE_PORT"])
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(*here, os.environ["CHAIRSIDE_PROXY_ROUTES"]))
