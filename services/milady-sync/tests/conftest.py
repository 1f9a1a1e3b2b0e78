"""A real sandbox of Milady, the service's own process before it, and people who are new in every test."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from contracts.examples import example
from contracts.milady import MiladyProvisioned
from dev.harness import Running, events_of, eventually, send
from dev.sandbox.server import running
from dev.sandbox.settings import Settings as SandboxSettings

from dev import loopback

pytest_plugins = ["dev.testing", "dev.harness"]
TOKEN = "test-token"
WELLBEING, FINANCE = "rise-wellbeing-safety", "rise-finance-fundamentals"
STARTED = date(2026, 11, 9)


@pytest.fixture(scope="session")
def sandbox():
    """The address of a sandbox of Milady."""
    with running(SandboxSettings(tokens={TOKEN: "default"}, port=0)) as address:
        yield address


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def control(sandbox):
    """Orders time, study and faults in the sandbox."""
    async with loopback.client(f"{sandbox}/control", timeout=120) as client:
        yield client


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def healthy(control):
    """Milady is in good health when a test begins."""
    await control.delete("/faults")
    yield
    await control.delete("/faults")


@pytest.fixture(scope="session")
def milady_env(sandbox):
    """What points the service at the sandbox; answers are waited for briefly, so that tests of hangs are short."""
    return {
        "CHAIRSIDE_MILADY_URL": f"{sandbox}/milady",
        "CHAIRSIDE_MILADY_TOKEN": TOKEN,
        "CHAIRSIDE_MILADY_RATE": "200",
        "CHAIRSIDE_MILADY_TIMEOUT": "1",
    }


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service(start_service, milady_env) -> Running:
    """milady-sync, all parts in one process."""
    return await start_service("milady-sync", env=milady_env)


@dataclass
class Apprentice:
    """One student in a program of their own, as the events that speak of them."""

    student_id: UUID = field(default_factory=uuid4)
    partner_id: UUID = field(default_factory=uuid4)
    program_id: UUID = field(default_factory=uuid4)
    enrollment_id: UUID = field(default_factory=uuid4)

    @property
    def email(self) -> str:
        return f"{self.student_id}@example.com"

    def person(self, **changes):
        """`user.changed`."""
        return example("user.changed", "student").model_copy(update={"user_id": self.student_id, "email": self.email, **changes})

    def program(self, **changes):
        """`program.published`."""
        told = {"program_id": self.program_id, "partner_id": self.partner_id}
        return example("program.published").model_copy(update={**told, **changes})

    def enrollment(self, **changes):
        """`enrollment.created`."""
        return example("enrollment.created").model_copy(update=self._place() | {"started_on": STARTED} | changes)

    def withdrawal(self, **changes):
        """`enrollment.withdrawn`."""
        return example("enrollment.withdrawn").model_copy(update=self._place() | {"started_on": STARTED} | changes)

    def assignment(self, **changes):
        """`student.assigned`."""
        told = {"assignment_id": uuid4(), "student_id": self.student_id, "partner_id": self.partner_id, "program_id": self.program_id}
        return example("student.assigned").model_copy(update={**told, **changes})

    def _place(self):
        return {"enrollment_id": self.enrollment_id, "student_id": self.student_id, "program_id": self.program_id}

    def mine(self, event) -> bool:
        """Whether an event speaks of this enrollment."""
        return bool(event.enrollment_id == self.enrollment_id)


@pytest.fixture
def newcomer():
    """Makes students of whom nobody has heard yet."""
    return Apprentice


@pytest_asyncio.fixture(loop_scope="session")
async def provisioned(service, kafka):
    """`await provisioned(who)`: tells everything of a student, and waits until they are set up on Milady."""

    async def go(who: Apprentice) -> Apprentice:
        await send(kafka, "identity", who.person())
        await send(kafka, "onboarding", who.program(), who.enrollment(), who.assignment())
        await events_of(kafka, MiladyProvisioned, where=who.mine)
        return who

    return go


@pytest_asyncio.fixture(loop_scope="session")
async def apprentice(provisioned) -> Apprentice:
    """A new student with both courses on Milady."""
    return await provisioned(Apprentice())


@pytest_asyncio.fixture(loop_scope="session")
async def study(control):
    """Lets a student study: `await study(who, "1.50", date)`; gives the sandbox's answer."""

    async def go(who: Apprentice, hours: str, on: date, course: str = WELLBEING, activity: str = "video", **more):
        order = {"student_email": who.email, "course": course, "hours": hours, "on": on.isoformat(), "activity": activity, **more}
        return (await control.post("/study", json=order)).raise_for_status().json()

    return go


@pytest.fixture
def admin(service):
    """An administrator's client."""
    return service.client("admin", None, "admin")


@pytest_asyncio.fixture(loop_scope="session")
async def sync(admin):
    """`await sync(who)`: runs a sync of the student (of everyone without one) to its end, and gives it."""

    async def go(who: Apprentice | None = None, scope: str = "enrollment"):
        scope_id = who and str(who.program_id if scope == "program" else who.enrollment_id)
        answer = await admin.post("/v1/syncs", json={"scope": scope, "id": scope_id} if who else {"scope": "all"})
        assert answer.status_code == 202, answer.text

        async def ended():
            run = (await admin.get(answer.headers["location"])).json()
            return run if run["state"] == "finished" else None

        return await eventually(ended, within=60)

    return go
