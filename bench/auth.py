"""What it costs to know who asks: a token's signature, a sign-in beside its password's hash, and acting as somebody in the database.

Round trips are counted on the wire, by what stands between the pool and PostgreSQL: one is a client that speaks after the server has.
"""

import asyncio
import json
import time
import uuid
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import psutil
from _ground import Figure, Ground, ground, main, percentiles
from _load import fire, request
from _service import free_port, running
from chassis.auth import Verifier
from chassis.database import Database
from chassis.principal import Principal
from contracts.people import KINDS
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from dev.harness import Running
from dev.issuer import Issuer
from identity.passwords import LANES, MEMORY_KIB, PASSES, Passwords

TOKENS, HASHES, SIGN_INS, READS = 3000, 60, 60, 2000
PASSWORD = "tulip granite velvet"
NOWHERE = "http://127.0.0.1:1/api/{service}"


class Wire:
    """Carries bytes between clients and a server, and counts how often a client spoke after the server."""

    def __init__(self, url: str) -> None:
        self.server, self.trips = urlsplit(url), 0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side closes."""
        there, back = await asyncio.open_connection(self.server.hostname, self.server.port)
        answered = [True]
        await asyncio.gather(self._carry(reader, back, answered, asks=True), self._carry(there, writer, answered, asks=False))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answered: list[bool], *, asks: bool) -> None:
        while data := await reader.read(65536):
            self.trips += asks and answered[0]
            answered[0] = not asks
            writer.write(data)
        writer.close()

    @asynccontextmanager
    async def listening(self, url: str) -> AsyncIterator[str]:
        """The same database's address, through here."""
        port = free_port()
        server = await asyncio.start_server(self.accept, "127.0.0.1", port)
        yield url.replace(f":{self.server.port}/", f":{port}/")
        server.close()


async def verification() -> list[Figure]:
    """Tokens that are seen for the first time, with keys that are known; and one that was seen before."""
    issuer = Issuer()
    verifier = Verifier(issuer.url, issuer="chairside", audience="chairside", kinds=KINDS)
    await verifier.refresh()
    tokens = [issuer.token("student", uuid.uuid4()) for _ in range(TOKENS)]
    bare = await _each(tokens, _checks_alone(issuer))
    first = await _each(tokens, verifier.principal)
    again = await _each(tokens[-1:] * TOKENS, verifier.principal)
    issuer.server.shutdown()
    return [
        Figure("OpenSSL's check of a token's signature, alone", f"{bare[0]:.0f} µs", f"p99 {bare[1]:.0f} µs of {TOKENS:,}"),
        Figure(
            "a token seen first, warm key",
            f"{first[0]:.0f} µs",
            f"p99 {first[1]:.0f} µs; {first[0] / bare[0]:.2f} x; wanted: 100 µs or less",
        ),
        Figure("the same token again", f"{again[0]:.1f} µs", f"p99 {again[1]:.1f} µs"),
    ]


def _checks_alone(issuer: Issuer) -> Callable[[str], Awaitable[object]]:
    """What of a verification no code of ours could spare, and how fast the machine is at this moment."""
    key, how = issuer.key.get_op_key("verify"), ec.ECDSA(hashes.SHA256())

    async def check(token: str) -> None:
        signed, _, signature = token.rpartition(".")
        raw = urlsafe_b64decode(signature + "==")
        key.verify(encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:])), signed.encode(), how)

    return check


async def _each(tokens: list[str], work: Callable[[str], Awaitable[object]]) -> tuple[float, float]:
    """p50 and p99 in µs."""
    took = []
    for token in tokens:
        started = time.perf_counter()
        await work(token)
        took.append(time.perf_counter() - started)
    p50, p99 = percentiles(took)
    return p50 * 1000, p99 * 1000


async def hashing() -> tuple[float, float]:
    """p50 and p99 in ms of one comparison of a password with its hash."""
    passwords = Passwords()
    stored, took = await passwords.hash(PASSWORD), []
    for _ in range(HASHES):
        started = time.perf_counter()
        await passwords.compare(PASSWORD, stored)
        took.append(time.perf_counter() - started)
    passwords.threads.shutdown()
    return percentiles(took)


async def sign_in(on: Ground) -> list[Figure]:
    """The hash alone, and `POST /v1/sessions` whole, one after the other and four at once."""
    alone = await hashing()
    port = free_port()
    own = {"CHAIRSIDE_PORT": str(port), "CHAIRSIDE_JWKS_URL": f"http://127.0.0.1:{port}/.well-known/jwks.json"}
    async with running(
        on, "identity", Issuer(), **own, CHAIRSIDE_SEALING_KEY="a sealing key of the bench", CHAIRSIDE_SERVICES_URL=NOWHERE
    ) as service:
        bodies = []
        for number in range(SIGN_INS):
            person = {"email": f"{number}@example.com", "password": PASSWORD}
            (await service.client().post("/v1/users", json=person | {"name": "Bench"})).raise_for_status()
            bodies.append(request("bench", "/v1/sessions", "none", json.dumps(person).encode(), None))
        await fire(port, bodies, 1)
        _, took = await fire(port, bodies, 1)
        before, started = _threads(service), time.perf_counter()
        rate, _ = await fire(port, bodies * 4, 4)
        lasted, after = time.perf_counter() - started, _threads(service)
    at_work = max(spent - before.get(thread, 0) for thread, spent in after.items()) / lasted
    whole = percentiles(took)
    parameters = f"argon2id, {MEMORY_KIB // 1024} MiB, {PASSES} passes, {LANES} lane"
    return [
        Figure("a password against its hash", f"{alone[0]:.1f} ms", f"p99 {alone[1]:.1f} ms; {parameters}"),
        Figure("POST /v1/sessions, whole", f"{whole[0]:.1f} ms", f"p99 {whole[1]:.1f} ms; {alone[0] / whole[0]:.0%} of it the hash"),
        Figure(
            "POST /v1/sessions, four at once",
            f"{rate:.0f}/s",
            f"{rate * alone[0] / 1000:.0%} of what hashing alone gives; the hash's thread is at work {at_work:.0%} of the time",
        ),
    ]


def _threads(service: Running) -> dict[int, float]:
    """The processor's time of each of its threads, in seconds. The busiest is the one that hashes."""
    process = service.process
    return {each.id: each.user_time + each.system_time for each in psutil.Process(process.pid).threads()} if process else {}


Work = Callable[[], Awaitable[None]]


@asynccontextmanager
async def transactions(url: str) -> AsyncIterator[dict[str, Work]]:
    """A transaction that reads one row: acting as somebody, and a bare one of the same driver."""
    database, plain, who = Database(url, "bench"), await asyncpg.connect(url), Principal("student", uuid.uuid4())

    async def acting() -> None:
        async with database.transaction(who) as tx:
            await tx.raw.fetchval("select 1")

    async def bare() -> None:
        await plain.execute("begin")
        await plain.fetchval("select 1")
        await plain.execute("commit")

    yield {"acting": acting, "bare": bare}
    await database.close()
    await plain.close()


async def acting_as(on: Ground) -> list[Figure]:
    """Round trips and time of both."""
    made = await on.database()
    wire = Wire(made.login_url)
    async with wire.listening(made.login_url) as through, transactions(through) as works:
        trips = {name: await _trips(wire, work) for name, work in works.items()}
    async with transactions(made.login_url) as works:
        took = {name: await _microseconds(work) for name, work in works.items()}
    more = took["acting"] - took["bare"]
    said = f"{trips['acting']:g} in place of {trips['bare']:g}; wanted: 1 at most"
    return [
        Figure("round trips that acting as somebody adds", f"{trips['acting'] - trips['bare']:g}", said),
        Figure("a transaction acting as somebody", f"{took['acting']:.0f} µs", f"{more:.0f} µs more than a bare one"),
    ]


async def _trips(wire: Wire, work: Work) -> float:
    """Round trips of one run, once the connection is there and its statements are prepared."""
    for _ in range(5):
        await work()
    before = wire.trips
    for _ in range(100):
        await work()
    return (wire.trips - before) / 100


async def _microseconds(work: Work) -> float:
    took = []
    for _ in range(READS):
        started = time.perf_counter()
        await work()
        took.append(time.perf_counter() - started)
    return percentiles(took)[0] * 1000


async def run() -> list[Figure]:
    """The three in turn; the first needs no server."""
    figures = await verification()
    async with ground() as on:
        return [*figures, *await acting_as(on), *await sign_in(on)]


if __name__ == "__main__":
    main("auth: who asks", run)
