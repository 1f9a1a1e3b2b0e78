"""A small HTTP load generator: keep-alive connections, each with one request under way, requests made up front."""

import asyncio
import time
from collections.abc import Sequence


def request(host: str, path: str, token: str, body: bytes, key: str | None) -> bytes:
    """The bytes of one POST."""
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\n" + (f"Idempotency-Key: {key}\r\n" if key else "") + "\r\n"
    return head.encode() + body


async def one_connection(port: int, requests: Sequence[bytes], took: list[float], refused: list[bytes]) -> None:
    """Sends the requests one after the other and notes how long each took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for each in requests:
        started = time.perf_counter()
        writer.write(each)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")).split(b":")[1])
        body = await reader.readexactly(length)
        took.append(time.perf_counter() - started)
        if not head.startswith(b"HTTP/1.1 201"):
            refused.append(head[:20] + body[:300])
    writer.close()


async def fire(port: int, requests: Sequence[bytes], connections: int) -> tuple[float, list[float]]:
    """Requests a second over so many connections, and the time of each. Raises when any was not answered with 201."""
    took: list[float] = []
    refused: list[bytes] = []
    started = time.perf_counter()
    await asyncio.gather(*(one_connection(port, requests[n::connections], took, refused) for n in range(connections)))
    if refused:
        raise RuntimeError(f"{len(refused)} of {len(requests)} refused, such as {refused[0]!r}")
    return len(requests) / (time.perf_counter() - started), took
