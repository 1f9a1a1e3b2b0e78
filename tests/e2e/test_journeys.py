"""The way of each kind of partner, from the application to the end: what they may do for a student, and that it ends with the assignment.

The student's and the administrator's ways are the demo's story (`test_story`); what nobody may see is `test_access`.
"""

from dataclasses import dataclass

import pytest
import pytest_asyncio
from dev.demo import acts
from dev.demo.stage import Person, Stage, eventually

from . import agreement, looking, people
from .apprentice import Apprentice, apprentice

pytestmark = pytest.mark.timeout(900)
ZONE = "America/Phoenix"
ROLES = ("program_holder", "worksite", "site_coordinator")
DECIDES = {"program_holder": 200, "worksite": 200, "site_coordinator": 403}
SYNCS = {"program_holder": 202, "worksite": 403, "site_coordinator": 403}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def someone(stage: Stage) -> Apprentice:
    return await apprentice(stage, ZONE)


@dataclass(frozen=True)
class Door:
    """What a partner finds of one student."""

    partner: Person
    of: dict[str, str]

    async def records(self) -> dict[str, int]:
        """How many records each service shows."""
        found = {}
        for service, path in (("compliance", "/v1/hours"), ("skills", "/v1/entries"), ("milady-sync", "/v1/provisionings")):
            listed = await agreement.every(self.partner, service, path, enrollment_id=self.of["enrollment_id"])
            found[service] = len(listed)
        return found

    async def shown(self) -> bool:
        """Whether the portal shows the student's progress."""
        answer = await self.partner.http.get(f"/api/portal/v1/students/{self.of['student_id']}/progress")
        return answer.status_code == 200


async def submitted(student: Person, enrollment: str, what: str) -> str:
    """A service on the chair that waits for a decision; its id."""
    entry = {"enrollment_id": enrollment, "skill_code": "haircut", "service_name": what, "duration_minutes": 35,
             "performed_at": f"{people.weeks_ago(2).isoformat()}T15:00:00Z", "client_identifier": what, "self_rating": 4}  # fmt: skip
    made = await student.ask("POST", "skills", "/v1/entries", 201, json=entry)
    await student.ask("POST", "skills", f"/v1/entries/{made['id']}/submission", json={})
    return str(made["id"])


def test_these_are_all_kinds_of_partners() -> None:
    from contracts.people import PARTNER_ROLES

    assert {role.value for role in PARTNER_ROLES} == set(ROLES) == set(DECIDES) == set(SYNCS)


@pytest.mark.parametrize("role", ROLES)
async def test_a_partner_comes_helps_and_goes(stage: Stage, someone: Apprentice, role: str) -> None:
    admin, partner = await people.administrator(stage), await people.partner(stage, role, "Partner")
    door = Door(partner, someone.ids)
    assert set((await door.records()).values()) == {0}
    told = {"student_id": someone.student.id, "partner_id": partner.id, "role": role}
    made = await admin.ask("POST", "onboarding", "/v1/assignments", 201, json=told)

    async def sees() -> bool:
        return all((await door.records()).values())

    await eventually("what the student did", sees)
    await eventually("the student on the pages", door.shown)
    waiting = await submitted(someone.student, someone.enrollment, role)
    await partner.ask("POST", "skills", f"/v1/entries/{waiting}/approval", DECIDES[role], json={})
    sync = {"scope": "enrollment", "id": someone.enrollment}
    await partner.ask("POST", "milady-sync", "/v1/syncs", SYNCS[role], json=sync)
    await admin.ask("DELETE", "onboarding", f"/v1/assignments/{made['id']}", 204)
    await looking.settled(stage.stack)
    assert set((await door.records()).values()) == {0}
    assert not await door.shown()


async def test_a_suspended_partner_sees_nobody_until_the_role_is_given_back(stage: Stage, someone: Apprentice) -> None:
    admin, partner = await people.administrator(stage), await people.partner(stage, "worksite", "Partner")
    door, path = Door(partner, someone.ids), f"/v1/partners/{partner.id}/suspension"
    told = {"student_id": someone.student.id, "partner_id": partner.id, "role": "worksite"}
    await admin.ask("POST", "onboarding", "/v1/assignments", 201, json=told)
    await eventually("the student on the pages", door.shown)
    suspended = await admin.ask("POST", "onboarding", path, 200, json={"reason": "No insurance since 1 November."})
    await looking.settled(stage.stack)
    assert (await partner.http.post("/api/identity/v1/sessions/refresh", json={"refresh_token": partner.refresh_token})).status_code == 401
    await partner.sign_in()
    assert not await acts.has_role(partner, "worksite")
    assert not await door.shown()
    listed = await partner.http.get("/api/compliance/v1/hours", params={"enrollment_id": someone.enrollment})
    assert (listed.status_code, listed.json()["items"]) == (200, [])
    assert (await partner.ask("GET", "onboarding", "/v1/partners/me"))["suspension_reason"] == suspended["suspension_reason"]
    assert (await admin.ask("DELETE", "onboarding", path, 200))["status"] == "active"
    await eventually("the role again", lambda: acts.has_role(partner, "worksite"))
    await eventually("the student on the pages again", door.shown)
    mails = await agreement.every(partner, "messaging", "/v1/notifications")
    kinds = sorted(mail["kind"] for mail in mails if mail["kind"] in ("partner-suspended", "partner-activated"))
    assert kinds == ["partner-activated", "partner-activated", "partner-suspended"]
