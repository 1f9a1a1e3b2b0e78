"""A service of ours under load: its own process over the bench's servers, filled with enrollments through its events."""

import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date

from _ground import Ground
from chassis.migrate import upgrade
from contracts.event import Event
from contracts.onboarding import EnrollmentCreated, ProgramPublished, StudentAssigned
from contracts.people import Role
from contracts.topics import TOPICS
from dev.harness import Running, eventually, send
from dev.issuer import Issuer
from dev.testing import create_topics, fresh_database

STARTED = date(2026, 8, 3)


@dataclass(frozen=True)
class School:
    """A program with so many enrollments, one a student, all of one partner."""

    program_id: uuid.UUID
    partner_id: uuid.UUID
    students: list[uuid.UUID]
    enrollments: list[uuid.UUID]

    def events(self) -> list[Event]:
        """What `onboarding` would tell of it."""
        told: list[Event] = [
            ProgramPublished(
                revision=1, program_id=self.program_id, partner_id=self.partner_id, name="Bench", time_zone="America/New_York",
                theory_minutes=450, practical_minutes=120000, required_minutes_per_week=600, inactivity_days_threshold=7,
                courses=(), skills=(),
            )
        ]  # fmt: skip
        for student, enrollment in zip(self.students, self.enrollments, strict=True):
            about = {"enrollment_id": enrollment, "student_id": student, "program_id": self.program_id, "revision": 1}
            told.append(EnrollmentCreated(**about, started_on=STARTED, status="active"))
            told.append(
                StudentAssigned(
                    revision=1, assignment_id=uuid.uuid4(), student_id=student, partner_id=self.partner_id, role=Role.PROGRAM_HOLDER,
                    program_id=self.program_id, active=True,
                )
            )  # fmt: skip
        return told


def school(size: int) -> School:
    """A new one."""
    return School(uuid.uuid4(), uuid.uuid4(), [uuid.uuid4() for _ in range(size)], [uuid.uuid4() for _ in range(size)])


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def running(on: Ground, service: str, issuer: Issuer, **env: str) -> AsyncIterator[Running]:
    """The service with all its parts, migrated and ready; its traces are off."""
    await create_topics(on.kafka, TOPICS)
    database, module = await fresh_database(on.admin, service), service.replace("-", "_")
    await upgrade(service, module, database.owner_url)
    settings = {
        "CHAIRSIDE_DATABASE_URL": database.login_url, "CHAIRSIDE_KAFKA": on.kafka, "CHAIRSIDE_PORT": str(free_port()),
        "CHAIRSIDE_JWKS_URL": issuer.url, "CHAIRSIDE_STORAGE": "memory:///", "CHAIRSIDE_LOG_LEVEL": "WARNING",
    }  # fmt: skip
    started = Running(module, database, issuer, settings | env, on.folder / f"{module}.log")
    try:
        await started.start()
        yield started
    finally:
        for client in started.clients:
            await client.aclose()
        started.kill()


async def fill(on: Ground, service: Running, what: School) -> None:
    """Tells the service of the school and waits until it knows every enrollment."""
    await send(on.kafka, "onboarding", *what.events())

    async def known() -> bool:
        return (await service.sql("select count(*) as n from enrollment"))[0]["n"] >= len(what.enrollments)

    await eventually(known, within=60)
