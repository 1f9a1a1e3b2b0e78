"""Hours of Milady's through compliance's own consumer: inbox, ledger, totals, alerts, outbox and audit trail."""

import asyncio
import random
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
from _cohort import Cohort
from _ground import child
from aiokafka import AIOKafkaProducer
from chassis.outbox import envelope
from contracts.hours import Category, HoursLogged, HoursStatus, Source

EVENTS, MINUTES = 60_000, 400
APPLIED = "select count(*) from inbox"
RESOLVED = "select count(*) from alert where status = 'resolved'"


async def _sent(admin: asyncpg.Connection, bootstrap: str, cohort: Cohort) -> None:
    """Hours of Milady's for students by chance, on days of the week that was scanned: they resolve alerts."""
    chance = random.Random(cohort.seed + 1)
    students = await cohort.students(admin, [chance.randrange(cohort.size) for _ in range(EVENTS)])
    now = datetime.now(UTC)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_batch_size=512 * 1024) as producer:
        waiting = []
        for enrollment_id, student_id in students:
            event = HoursLogged(
                revision=1, log_id=uuid4(), enrollment_id=enrollment_id, student_id=student_id, minutes=MINUTES, category=Category.THEORY,
                work_date=cohort.week + timedelta(days=chance.randrange(7)), source=Source.LMS, status=HoursStatus.VERIFIED,
            )  # fmt: skip
            row = {"message_id": uuid4(), "topic": event.topic, "key": event.key_text, "schema_uri": event.schema_uri()}
            headers = envelope("milady-sync", row | {"created_at": now, "traceparent": None})
            waiting.append(await producer.send(event.topic, event.to_json(), key=event.key_text.encode(), headers=headers))
        await asyncio.gather(*waiting)


async def ingested(cohort: Cohort, bootstrap: str) -> tuple[float, float]:
    """Events a second of one consumer process, from the first that is applied to the last, and alerts a second that they resolve."""
    admin = await asyncpg.connect(cohort.database.admin_url)
    try:
        await _sent(admin, bootstrap, cohort)
        before = await admin.fetchval(RESOLVED)
        rate = await _rate(admin, cohort.database.login_url, bootstrap)
        resolved = await admin.fetchval(RESOLVED) - before
        if not resolved:
            raise RuntimeError("no hours resolved an alert")
        return rate, rate * resolved / EVENTS
    finally:
        await admin.close()


async def _rate(admin: asyncpg.Connection, url: str, bootstrap: str) -> float:
    process = child("_compliance_process.py", url, bootstrap)
    try:
        async with asyncio.timeout(600):
            while not (first := await admin.fetchval(APPLIED)):
                await asyncio.sleep(0.005)
            started = time.perf_counter()
            while (told := await admin.fetchval(APPLIED)) < EVENTS:
                await asyncio.sleep(0.1)
            return float((told - first) / (time.perf_counter() - started))
    finally:
        process.kill()
        process.wait()
