"""People, programs and enrollments for a test, made through the gateway as users make them. Ids are fresh, so tests share a stack."""

import hashlib
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from dev.demo import acts
from dev.demo.stage import Person, Stage, eventually
from dev.stack import secrets_of

ADMIN = "admin@chairside.example"
SKILLS = [{"code": "haircut", "title": "Haircuts", "quota": 4}, {"code": "shave", "title": "Shaves", "quota": 2}]


async def administrator(stage: Stage) -> Person:
    """The first administrator, freshly signed in."""
    known = stage.people.get("Admin") or await stage.person("Admin", ADMIN, secrets_of(stage.stack).get("admin_password"))
    await known.sign_in()
    return known


async def somebody(stage: Stage, first: str) -> Person:
    """Someone new, signed up and signed in."""
    return await acts.sign_up(stage, f"{first}{uuid4().hex[:8]} Tester", "e2e")


async def payroll_admin(stage: Stage, admin: Person) -> Person:
    """A payroll admin, with the role in the token."""
    made = await somebody(stage, "Payroll")
    await admin.ask("PUT", "identity", f"/v1/users/{made.id}/roles/payroll_admin", 204)
    await made.sign_in()
    return made


async def program_holder(stage: Stage, first: str = "Holder") -> Person:
    """An active program holder."""
    return await partner(stage, "program_holder", first)


async def partner(stage: Stage, role: str, first: str) -> Person:
    """An active partner: applied, signed, approved, with the role in the token."""
    admin, holder = await administrator(stage), await somebody(stage, first)
    await holder.ask("POST", "onboarding", "/v1/partners", 201, json={"role": role})
    packet = await holder.ask("GET", "onboarding", "/v1/packets/current")
    for listed in (one for one in packet["documents"] if one["requires_signature"]):
        await sign(holder, listed["id"])
    await admin.ask("POST", "onboarding", f"/v1/partners/{holder.id}/approval", (200, 201), json={})
    await eventually(f"the role of {role}", lambda: acts.has_role(holder, role))
    return holder


async def sign(person: Person, document_id: str) -> Any:
    """The person's signature under the document, which onboarding takes as soon as it knows the signer's name."""
    document = await person.ask("GET", "onboarding", f"/v1/documents/{document_id}")
    shown = hashlib.sha256(document["content"].encode()).hexdigest()
    signing = {"document_hash": shown, "typed_name": person.name, "intent": True, "electronic_records_consent": True}

    async def signed() -> Any:
        return await acts.made(
            lambda: person.ask("POST", "onboarding", f"/v1/documents/{document_id}/signatures", (201, 404, 409, 503), json=signing)
        )

    return await eventually("the signature", signed)


async def program(holder: Person, zone: str, **more: Any) -> str:
    """A program of 10 hours a week; its id. Scans run for a whole zone, so a test that scans takes a zone of its own."""
    told = {"name": "Barbering", "time_zone": zone, "theory_minutes": 450, "practical_minutes": 120_000, "required_minutes_per_week": 600}
    made = await holder.ask("POST", "onboarding", "/v1/programs", 201, json={**told, "skills": SKILLS, **more})
    return str(made["id"])


async def enroll(holder: Person, program_id: str, student: Person, started_on: date) -> str:
    """The enrollment's id, as soon as onboarding knows the student."""
    wanted = {"program_id": program_id, "student_id": student.id, "started_on": started_on.isoformat()}
    made = await eventually(
        "the enrollment",
        lambda: acts.made(lambda: holder.ask("POST", "onboarding", "/v1/enrollments", (201, 404), json=wanted)),
    )
    return str(made["id"])


async def until_known(person: Person, enrollment_id: str) -> None:
    """Returns when compliance takes hours for the enrollment, skills takes services, and the portal shows it."""

    async def known() -> bool:
        weeks = await person.ask("GET", "compliance", f"/v1/enrollments/{enrollment_id}/weeks", (200, 404))
        competency = await person.ask("GET", "skills", f"/v1/enrollments/{enrollment_id}/competency", (200, 404))
        shown = await person.ask("GET", "portal", f"/v1/students/{person.id}/progress", (200, 404))
        return "items" in weeks and "skills" in competency and enrollment_id in shown.get("enrollment_ids", ())

    await eventually("the enrollment in compliance, skills and portal", known)


def weeks_ago(number: int) -> date:
    """A Monday so long ago; tests work in the past, where no clock of today's can interfere."""
    today = date.today()
    return today - timedelta(days=today.weekday(), weeks=number)


ZONES = ("America/Phoenix", "America/Lima")
BY_ITSELF = (time(3, 30), time(7), time(18, 30), time(19, 30))


def quiet_zone() -> str:
    """A zone in which no scan, no sync and no escalation begins by itself for the next half hour, or has just begun (SPEC 3.1).

    The two are two hours apart all year, so that of what is scheduled nothing falls into both.
    """
    return next(zone for zone in ZONES if not any(-600 < _seconds_to(at, zone) < 1800 for at in BY_ITSELF))


def _seconds_to(at: time, zone: str) -> float:
    now = datetime.now(ZoneInfo(zone))
    return (now.replace(hour=at.hour, minute=at.minute, second=0) - now).total_seconds()


async def alerted(stage: Stage, holder: Person, student: Person, enrollment_id: str, zone: str, week: date) -> str:
    """Lets the student log one hour of ten in a past week, and runs that week's midweek check of the zone; the open alert's id."""
    await acts.log_hours(student, enrollment_id, week.isoformat(), 60)
    slot = {"kind": "midweek", "zone": zone, "date": (week + timedelta(days=2)).isoformat()}
    await stage.people["Admin"].ask("POST", "compliance", "/v1/scans", (200, 201), json=slot)
    (alert,) = await acts.alerts(holder, enrollment_id, "open", week)
    return str(alert["id"])
