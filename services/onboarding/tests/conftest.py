import hashlib
import sys
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from contracts.examples import example
from dev.harness import eventually, send

sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = ["dev.testing", "dev.harness"]
PROGRAM = {
    "name": "Barber Apprenticeship", "theory_minutes": 8640, "practical_minutes": 120000, "required_minutes_per_week": 600,
    "skills": [{"code": "haircut", "title": "Haircut", "quota": 200}, {"code": "fade", "title": "Fade", "quota": 100}],
}  # fmt: skip


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def onboarding(start_service):
    return await start_service("onboarding", env={"CHAIRSIDE_SEALING_KEY": "a sealing key of the tests"})


class Someone:
    """A person whom identity has told about, and what they do as which kind of principal."""

    def __init__(self, service, name, kind="student", *roles):
        self.service, self.id, self.name = service, uuid4(), name
        self.as_kind(kind, *roles)

    def as_kind(self, kind, *roles):
        """From now on their token says so."""
        self.http = self.service.client(kind, self.id, *roles)

    def changed(self, **other):
        """What identity says of them."""
        told = {"user_id": self.id, "name": self.name, "email": f"{self.id}@example.com"}
        return example("user.changed", "student").model_copy(update=told | other)

    async def apply(self, role="program_holder"):
        return await self.http.post("/v1/partners", json={"role": role})

    async def packet(self):
        return (await self.http.get("/v1/packets/current")).json()

    async def sign(self, document_id=None, **other):
        """Reads the document (by default the first of the packet that takes a signature) and signs it."""
        chosen = document_id or next(d["id"] for d in (await self.packet())["documents"] if d["requires_signature"])
        shown = (await self.http.get(f"/v1/documents/{chosen}")).json()["content"]
        body = {"document_hash": hashlib.sha256(shown.encode()).hexdigest(), "typed_name": self.name, "intent": True,
                "electronic_records_consent": True}  # fmt: skip
        return await self.http.post(f"/v1/documents/{chosen}/signatures", json=body | other)

    async def publish_program(self, **other):
        return await self.http.post("/v1/programs", json=PROGRAM | other)

    async def enroll(self, program, student, **other):
        body = {"program_id": program["id"], "student_id": str(student.id), "started_on": date(2026, 11, 9).isoformat()}
        return await self.http.post("/v1/enrollments", json=body | other)


@pytest.fixture(scope="session")
def person(onboarding, kafka):
    """`await person(name, kind, *roles)`: somebody whose name has arrived here."""

    async def make(name="Marcus Reed", kind="student", *roles):
        made = Someone(onboarding, name, kind, *roles)
        await send(kafka, "identity", made.changed())
        await eventually(lambda: onboarding.sql("select * from person where user_id = $1", made.id))
        return made

    return make


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def admin(person):
    return await person("Ada Okafor", "admin", "admin")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def payroll(person):
    return await person("Pat Roll", "payroll_admin", "payroll_admin")


@pytest.fixture(scope="session")
def partner(person, admin):
    """`await partner(role)`: an active partner whose token says so."""

    async def make(role="program_holder", name="Marcus Reed"):
        made = await person(name)
        assert (await made.apply(role)).status_code == 201
        assert (await made.sign()).status_code == 201
        approved = await admin.http.post(f"/v1/partners/{made.id}/approval")
        assert approved.json()["status"] == "active", approved.text
        made.as_kind("partner", role)
        return made

    return make


@pytest.fixture(scope="session")
def enrolled(partner, person):
    """`await enrolled()`: a program holder, their program, a student of it, and the enrollment."""

    async def make():
        holder, student = await partner(), await person("Jordan Ellis")
        program = (await holder.publish_program()).json()
        answer = await holder.enroll(program, student)
        assert answer.status_code == 201, answer.text
        return holder, program, student, answer.json()

    return make
