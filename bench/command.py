"""`POST /v1/hours` with every guard on (token, RLS, idempotency key, audit, outbox) against a plain endpoint with none.

The plain one is FastAPI, an ORM session, an entry and an outbox row. Both are one process on one core's worth of work, loaded by the
same connections; ours runs its API part alone, as the plain one has no relay either, and then once more with every part.
"""

import asyncio
import json
import uuid
from datetime import timedelta

from _ground import Figure, Ground, child, ground, main, percentiles
from _load import fire, request
from _service import STARTED, School, fill, free_port, running, school
from dev.harness import Running
from dev.issuer import Issuer

REQUESTS, CONNECTIONS, WARM = 4000, 8, 400


def requests(what: School, issuer: Issuer, how_many: int) -> list[bytes]:
    """One-minute entries, spread over students and days so that no day is full."""
    tokens = [issuer.token("student", student) for student in what.students]
    made = []
    for number in range(how_many):
        one = number % len(what.students)
        on = STARTED + timedelta(days=number // len(what.students) % 60)
        body = {
            "enrollment_id": str(what.enrollments[one]),
            "work_date": on.isoformat(),
            "minutes": 1,
            "category": "practical",
            "source": "manual",
        }
        made.append(request("bench", "/v1/hours", tokens[one], json.dumps(body).encode(), str(uuid.uuid4())))
    return made


async def ours(service: Running, what: School, issuer: Issuer) -> tuple[float, float, float]:
    """Requests a second, p50 and p99 in ms."""
    port = int(service.env["CHAIRSIDE_PORT"])
    await fire(port, requests(what, issuer, WARM), CONNECTIONS)
    rate, took = await fire(port, requests(what, issuer, REQUESTS), CONNECTIONS)
    return rate, *percentiles(took)


async def plain(on: Ground, what: School, issuer: Issuer) -> tuple[float, float, float]:
    """The same of the plain endpoint, over a database with the same settings."""
    database, port = await on.database(), free_port()
    process = child("_plain_endpoint.py", database.admin_url, str(port))
    for _ in range(100):
        await asyncio.sleep(0.2)
        try:
            await fire(port, requests(what, issuer, WARM), CONNECTIONS)
            break
        except OSError:
            continue
    rate, took = await fire(port, requests(what, issuer, REQUESTS), CONNECTIONS)
    process.kill()
    return rate, *percentiles(took)


async def run() -> list[Figure]:
    """All on one pair of servers."""
    issuer, what = Issuer(), school(50)
    async with ground() as on:
        base = await plain(on, what, issuer)
        async with running(on, "compliance", issuer) as service:
            await fill(on, service, what)
            whole = await ours(service, what, issuer)
            service.kill()
            await service.start("api")
            alone = await ours(service, what, issuer)
    return [
        Figure("plain FastAPI and ORM, no guards", f"{base[0]:,.0f}/s", f"p50 {base[1]:.1f} ms, p99 {base[2]:.1f} ms"),
        Figure(
            "POST /v1/hours, every guard, API part",
            f"{alone[0]:,.0f}/s",
            f"{alone[0] / base[0]:.2f} x plain, p50 {alone[1]:.1f} ms, p99 {alone[2]:.1f} ms",
        ),
        Figure(
            "POST /v1/hours, every guard, all parts in one process",
            f"{whole[0]:,.0f}/s",
            f"{whole[0] / base[0]:.2f} x plain, p50 {whole[1]:.1f} ms",
        ),
    ]


if __name__ == "__main__":
    main("command: POST /v1/hours", run)
