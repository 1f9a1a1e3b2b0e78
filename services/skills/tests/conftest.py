"""The service's own process, people who are new in every test, and pictures."""

from dataclasses import dataclass, field
from io import BytesIO
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from contracts.examples import example
from dev.harness import Running, eventually, send
from PIL import Image

pytest_plugins = ["dev.testing", "dev.harness"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service(start_service) -> Running:
    """skills, all parts in one process."""
    return await start_service("skills")


@dataclass
class Apprentice:
    """One student in a program of their own, as the events that speak of them."""

    student_id: UUID = field(default_factory=uuid4)
    partner_id: UUID = field(default_factory=uuid4)
    program_id: UUID = field(default_factory=uuid4)
    enrollment_id: UUID = field(default_factory=uuid4)
    assignment_id: UUID = field(default_factory=uuid4)

    def program(self, **changes):
        """`program.published`."""
        return example("program.published").model_copy(update={"program_id": self.program_id, "partner_id": self.partner_id, **changes})

    def enrollment(self, **changes):
        """`enrollment.created`."""
        return example("enrollment.created").model_copy(update=self._place() | changes)

    def withdrawal(self, **changes):
        """`enrollment.withdrawn`."""
        return example("enrollment.withdrawn").model_copy(update=self._place() | changes)

    def assignment(self, **changes):
        """`student.assigned`, to the program holder unless told otherwise."""
        told = {"assignment_id": self.assignment_id, "student_id": self.student_id, "partner_id": self.partner_id}
        return example("student.assigned").model_copy(update={**told, "program_id": self.program_id, **changes})

    def _place(self):
        return {"enrollment_id": self.enrollment_id, "student_id": self.student_id, "program_id": self.program_id}

    def service(self, **changes):
        """The body of a new entry."""
        told = {
            "enrollment_id": str(self.enrollment_id),
            "skill_code": "haircut",
            "service_name": "Taper and line-up",
            "performed_at": "2026-11-12T15:00:00Z",
            "duration_minutes": 40,
            "client_identifier": "C-104",
            "self_rating": 4,
        }
        return told | changes

    def mine(self, event) -> bool:
        """Whether an event speaks of this enrollment."""
        return bool(event.enrollment_id == self.enrollment_id)


@pytest.fixture
def newcomer():
    """Makes students of whom nobody has heard yet."""
    return Apprentice


@pytest_asyncio.fixture(loop_scope="session")
async def enrolled(service, kafka):
    """`await enrolled(who)`: tells everything of a student, and waits until it is known."""

    async def go(who: Apprentice) -> Apprentice:
        await send(kafka, "onboarding", who.program(), who.enrollment(), who.assignment())
        known = """select true from enrollment join program using (program_id) join access_grant on subject_id = student_id
                   where enrollment_id = $1"""
        await eventually(lambda: service.sql(known, who.enrollment_id))
        return who

    return go


@pytest_asyncio.fixture(loop_scope="session")
async def apprentice(enrolled) -> Apprentice:
    """A new student who may log services, and whose program holder may decide on them."""
    return await enrolled(Apprentice())


@pytest.fixture
def student(service, apprentice):
    """The apprentice's own client."""
    return service.client("student", apprentice.student_id)


@pytest.fixture
def holder(service, apprentice):
    """The client of the program holder to whom the apprentice is assigned."""
    return service.client("partner", apprentice.partner_id, "program_holder")


@pytest.fixture
def picture():
    """`picture("JPEG", size=(40, 30), **save)`: the bytes of a small image."""

    def make(kind: str = "JPEG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **save) -> bytes:
        content = BytesIO()
        Image.linear_gradient("L").resize(size).convert(mode).save(content, kind, **save)
        return content.getvalue()

    return make


@pytest_asyncio.fixture(loop_scope="session")
async def logged(student, apprentice, picture):
    """`await logged(photo=True, submit=True, **fields)`: an entry of the apprentice's; gives it as the API does."""

    async def go(*, photo: bool = True, submit: bool = True, **fields):
        answer = await student.post("/v1/entries", json=apprentice.service(**fields))
        assert answer.status_code == 201, answer.text
        address = answer.headers["location"]
        if photo:
            answer = await student.post(f"{address}/photos", data={"kind": "after"}, files={"file": ("a.jpg", picture())})
            assert answer.status_code == 201, answer.text
        if submit:
            answer = await student.post(f"{address}/submission")
            assert answer.status_code == 200, answer.text
        return answer.json()

    return go
