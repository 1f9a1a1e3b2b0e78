"""One compliance process for the session; each test enrolls students of its own, in a time zone of its own where it scans."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import available_timezones

import pytest
import pytest_asyncio
from contracts.hours import HoursLogged, HoursVoided
from contracts.onboarding import EnrollmentCreated, EnrollmentWithdrawn, ProgramPublished, StudentAssigned, StudentUnassigned
from dev.harness import Running, eventually, send

pytest_plugins = ["dev.testing", "dev.harness"]

ZONES = iter(sorted(zone for zone in available_timezones() if zone.startswith(("Etc/GMT+", "America/"))))
"""One each for tests that scan: a slot runs once per zone and date."""


@dataclass
class Place:
    """A student's place in a program, with everybody around it."""

    service: Running
    kafka: str
    started_on: date
    zone: str
    student_id: UUID = field(default_factory=uuid4)
    enrollment_id: UUID = field(default_factory=uuid4)
    program_id: UUID = field(default_factory=uuid4)
    partner_id: UUID = field(default_factory=uuid4)
    coordinator_id: UUID = field(default_factory=uuid4)
    assignment_id: UUID = field(default_factory=uuid4)
    required: int = 600
    threshold: int = 7
    rules: dict[str, Any] = field(default_factory=dict)
    cohort_id: UUID | None = None
    clients: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def monday(weeks_ago: int) -> date:
        """The Monday that many weeks before this one; from 1 on the whole week is past in every zone but the furthest."""
        today = (datetime.now(UTC) - timedelta(days=1)).date()
        return today - timedelta(days=today.weekday() + 7 * weeks_ago)

    def program(self, **changes: Any) -> ProgramPublished:
        return ProgramPublished(
            **{
                "revision": 1, "program_id": self.program_id, "partner_id": self.partner_id, "name": "Barber", "time_zone": self.zone,
                "theory_minutes": 1, "practical_minutes": 1, "required_minutes_per_week": self.required,
                "inactivity_days_threshold": self.threshold, "courses": (), "skills": (),
            } | self.rules | changes
        )  # fmt: skip

    def _enrollment(self) -> dict[str, Any]:
        return {
            "revision": 1, "enrollment_id": self.enrollment_id, "student_id": self.student_id, "program_id": self.program_id,
            "cohort_id": self.cohort_id, "started_on": self.started_on, "ended_on": None, "status": "active",
        }  # fmt: skip

    def created(self, **changes: Any) -> EnrollmentCreated:
        return EnrollmentCreated(**self._enrollment() | changes)

    def withdrawn(self, ended_on: date, **changes: Any) -> EnrollmentWithdrawn:
        return EnrollmentWithdrawn(**self._enrollment() | {"revision": 2, "ended_on": ended_on, "status": "withdrawn"} | changes)

    def _assignment(self) -> dict[str, Any]:
        ids = {"assignment_id": self.assignment_id, "student_id": self.student_id, "partner_id": self.partner_id}
        return {**ids, "role": "program_holder", "program_id": self.program_id}

    def assigned(self, **changes: Any) -> StudentAssigned:
        return StudentAssigned(**self._assignment() | {"revision": 1, "active": True} | changes)

    def unassigned(self, **changes: Any) -> StudentUnassigned:
        return StudentUnassigned(**self._assignment() | {"revision": 2, "active": False} | changes)

    def lms(self, work_date: date, minutes: int, **changes: Any) -> HoursLogged:
        return HoursLogged(
            **{
                "revision": 1, "log_id": uuid4(), "enrollment_id": self.enrollment_id, "student_id": self.student_id,
                "work_date": work_date, "minutes": minutes, "category": "theory", "source": "lms", "status": "verified",
            } | changes
        )  # fmt: skip

    def vanished(self, log: HoursLogged, **changes: Any) -> HoursVoided:
        about = {"log_id": log.log_id, "enrollment_id": log.enrollment_id, "student_id": log.student_id, "work_date": log.work_date}
        return HoursVoided(**about | {"revision": log.revision + 1, "source": "lms", "reason": "gone from Milady"} | changes)

    def as_(self, who: str, *roles: str) -> Any:
        """An HTTP client of the student, the partner, the site coordinator (once `coordinated`) or an admin."""
        if who not in self.clients:
            kind, person, role = {
                "student": ("student", self.student_id, ()),
                "partner": ("partner", self.partner_id, ()),
                "coordinator": ("partner", self.coordinator_id, ("site_coordinator",)),
            }.get(who, (who, None, (who,)))
            self.clients[who] = self.service.client(kind, person, *(roles or role))
        return self.clients[who]

    async def coordinated(self) -> "Place":
        """Assigns the site coordinator to the student, and waits until that has arrived."""
        grant = self.assigned(assignment_id=uuid4(), partner_id=self.coordinator_id, role="site_coordinator")
        await self.send("onboarding", grant)
        await eventually(lambda: self.service.sql("select 1 from access_grant where grant_id = $1", grant.assignment_id))
        return self

    async def revise(self, who: str, entry: Any, how: str, match: str = "*", **body: Any) -> Any:
        """Does that to an entry (`verification`, `rejection`, `void`); `correction` corrects it."""
        address, headers = f"/v1/hours/{entry['log_id']}", {"If-Match": match}
        if how == "correction":
            return await self.as_(who).patch(address, json=body, headers=headers)
        return await self.as_(who).post(f"{address}/{how}", json=body, headers=headers)

    async def log(self, day: date, minutes: int = 300, who: str = "student", **body: Any) -> Any:
        told = {"enrollment_id": str(self.enrollment_id), "work_date": day.isoformat(), "minutes": minutes, "category": "practical"}
        return await self.as_(who).post("/v1/hours", json=told | body)

    async def scan(self, kind: str, day: date) -> Any:
        return await self.as_("admin").post("/v1/scans", json={"kind": kind, "zone": self.zone, "date": day.isoformat()})

    async def alerts(self, who: str = "student", **params: Any) -> list[Any]:
        answer = await self.as_(who).get("/v1/alerts", params={"enrollment_id": str(self.enrollment_id)} | params)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def week(self, start: date) -> dict[str, Any]:
        weeks = (await self.as_("student").get(f"/v1/enrollments/{self.enrollment_id}/weeks")).json()["items"]
        return next(week for week in weeks if week["week_start"] == start.isoformat())

    async def send(self, source: str, *events: Any) -> Any:
        return await send(self.kafka, source, *events)

    async def beside(self, **fields: Any) -> "Place":
        """Another student of the same program, assigned to a partner of their own."""
        told = {"started_on": self.started_on, "zone": self.zone, "program_id": self.program_id} | fields
        other = Place(self.service, self.kafka, **told)
        await self.send("onboarding", other.assigned(), other.created())
        await eventually(lambda: self.service.sql("select 1 from requirement where enrollment_id = $1", other.enrollment_id))
        await eventually(lambda: self.service.sql("select 1 from access_grant where grant_id = $1", other.assignment_id))
        return other

    async def arrived(self) -> None:
        """Waits until everything that was sent about this place up to now is applied."""
        marker = self.assigned(assignment_id=uuid4(), student_id=uuid4())
        await self.send("onboarding", marker)
        await eventually(lambda: self.service.sql("select 1 from access_grant where grant_id = $1", marker.assignment_id))


Enroll = Callable[..., Awaitable[Place]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def compliance(start_service):
    return await start_service("compliance")


@pytest.fixture
def enroll(compliance, kafka) -> Enroll:
    """`await enroll(weeks_ago=4, zone=None)`: an enrollment that has arrived, assigned to a partner; `zone="own"` for one of its own."""

    async def make(weeks_ago: int = 4, *, zone: str = "America/New_York", arrive: bool = True, **fields: Any) -> Place:
        chosen = next(ZONES) if zone == "own" else zone
        place = Place(compliance, kafka, fields.pop("started_on", Place.monday(weeks_ago)), chosen, **fields)
        if arrive:
            await place.send("onboarding", place.program(), place.assigned(), place.created())
            known = "select 1 from enrollment join program using (program_id) where enrollment_id = $1"
            await eventually(lambda: compliance.sql(known, place.enrollment_id))
            await eventually(lambda: compliance.sql("select 1 from access_grant where grant_id = $1", place.assignment_id))
        return place

    return make
