"""What people do in the story, each through the API that a gateway client would use."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from dev.demo.pages import Browser
from dev.demo.stage import Person, Stage, check, eventually
from dev.demo.weeks import ZONE
from dev.stack import SERVICES, Service, service_settings

THIS_RUN = uuid.uuid4().hex[:6]


async def sign_up(stage: Stage, name: str, what: str) -> Person:
    """Signs a person up under an address that no other run used, and signs them in."""
    first = name.split()[0].lower()
    person = await stage.person(name, f"{first}-{THIS_RUN}@{what}.example", f"{first}-{uuid.uuid4().hex[:12]}")
    await person.ask("POST", "identity", "/v1/users", 201, json={"email": person.email, "name": name, "password": person.password})
    await person.sign_in()
    return person


async def has_role(person: Person, role: str) -> bool:
    """Whether a fresh token carries the role."""
    await person.refresh()
    return role in person.roles


async def made(make: Callable[[], Awaitable[Any]]) -> Any:
    """The thing, or None while the service does not know yet what it is made of."""
    answer = await make()
    return answer if "id" in answer else None


async def milady_courses(stage: Stage, student: Person) -> list[Any]:
    """The courses that Milady has the student in, once both are there."""
    token = service_settings(stage.stack, _service("milady-sync"))["CHAIRSIDE_MILADY_TOKEN"]
    headers = {"Authorization": f"Bearer {token}"}
    found = (await stage.sandbox.get("/milady/api/v1/students", params={"email": student.email}, headers=headers)).json()["students"]
    if not found:
        return []
    profile = (await stage.sandbox.get(f"/milady/api/v1/students/{found[0]['student_id']}", headers=headers)).json()
    return profile["enrollments"] if len(profile["enrollments"]) == 2 else []


def _service(name: str) -> Service:
    return next(service for service in SERVICES if service.name == name)


async def notified(person: Person, kind: str) -> list[Any]:
    """The sent messages of that kind to the person; more than one of a kind would be spam."""
    items = (await person.ask("GET", "messaging", "/v1/notifications"))["items"]
    found = [item for item in items if item["kind"] == kind and item["status"] == "sent"]
    check(len(found) <= 1, f"{person.name} was told more than once: {found}")
    return found


async def sync(stage: Stage, enrollment: str) -> None:
    """Starts a sync by hand and waits for its end."""
    admin = stage.people["Admin"]
    started = await admin.ask("POST", "milady-sync", "/v1/syncs", 202, json={"scope": "enrollment", "id": enrollment})

    async def ended() -> Any:
        found = await admin.ask("GET", "milady-sync", f"/v1/syncs/{started['id']}")
        return found if found["state"] == "finished" else None

    found = await eventually("the end of the sync", ended)
    check(not found["failed"], f"the sync failed: {found}")


async def hours(person: Person, enrollment: str, source: str, at_least: int) -> list[Any]:
    """The ledger's entries of one source, once there are so many."""
    items = (await person.ask("GET", "compliance", f"/v1/hours?enrollment_id={enrollment}"))["items"]
    found = [item for item in items if item["source"] == source]
    return found if len(found) >= at_least else []


async def log_hours(person: Person, enrollment: str, on: str, minutes: int) -> None:
    """A student's own entry of practical hours."""
    entry = {"enrollment_id": enrollment, "work_date": on, "minutes": minutes, "category": "practical", "source": "manual"}
    await person.ask("POST", "compliance", "/v1/hours", 201, json=entry)


async def scan(admin: Person, kind: str, on: str) -> Any:
    """Runs the check of one slot by hand, and again: the second run changes nothing."""
    slot = {"kind": kind, "zone": ZONE, "date": on}
    first = await admin.ask("POST", "compliance", "/v1/scans", 201, json=slot)
    await admin.ask("POST", "compliance", "/v1/scans", (200, 201), json=slot)
    return first


async def alerts(person: Person, enrollment: str, status: str, week: date) -> list[Any]:
    """The alerts of one enrollment and week, as the person may see them."""
    query = {"enrollment_id": enrollment, "status": status, "week_start": week.isoformat()}
    items: list[Any] = (await person.ask("GET", "compliance", "/v1/alerts", params=query))["items"]
    return items


async def shown(browser: Browser, alert_id: str, wanted: bool) -> bool:
    """Whether the live stream spoke of alerts, and the page as it is now shows the alert (or no longer does)."""
    if not any("alert" in name for name in browser.heard):
        return False
    there = alert_id in await browser.page("/program-holder")
    if there == wanted:
        browser.heard.clear()
    return there == wanted


async def log_service(person: Person, enrollment: str, skill: str, number: int, picture: bytes) -> None:
    """One service on the chair: entry, photo, submission."""
    entry = {
        "enrollment_id": enrollment, "skill_code": skill, "service_name": skill.replace("_", " ").title(), "duration_minutes": 35,
        "performed_at": f"2026-01-{number % 28 + 1:02d}T15:00:00Z", "client_identifier": f"client-{number}", "self_rating": 4,
    }  # fmt: skip
    found = await person.ask("POST", "skills", "/v1/entries", 201, json=entry)
    files = {"file": (f"{number}.jpg", picture, "image/jpeg")}
    await person.ask("POST", "skills", f"/v1/entries/{found['id']}/photos", (200, 201), data={"kind": "after"}, files=files)
    await person.ask("POST", "skills", f"/v1/entries/{found['id']}/submission", (200, 201), json={})


def rounded(progress: dict[str, Any]) -> dict[str, str]:
    """The three percentages as people see them."""
    if "overall" not in progress:
        return {}
    return {name: str(progress[name]["rounded"]) for name in ("practical", "theory", "overall")}


async def verify_audit(stage: Stage, service: Service) -> str:
    """What the service finds when it recomputes its audit chain. Raises StoryError when the chain is broken."""
    admin = stage.people["Admin"]

    async def sealed() -> Any:
        found = await admin.ask("GET", service.name, "/v1/audit/verification")
        return found if found["unsealed"] == 0 else None

    found = await eventually(f"the seal on the audit trail of {service.name}", sealed)
    check(found["broken_at"] is None, f"the audit chain of {service.name} is broken: {found}")
    return f"{found['entries']} in {service.name}"
