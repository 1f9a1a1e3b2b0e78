"""The testing checklist of who asked for Chairside, for weekly compliance and for row-level security, step by step by the public API
(`seeds/partner-onboarding-monitoring.md`, "Testing checklist"; where it is silent, SPEC 3.3)."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from dev.demo import acts
from dev.demo.stage import Person, Stage, eventually
from dev.live import Live

from . import agreement, looking, people

pytestmark = pytest.mark.timeout(900)
ZONE = "America/Boise"
WEEK = people.weeks_ago(3)


def day(weekday: int) -> str:
    """A day of the week that is gone through, 0 for its Monday."""
    return (WEEK + timedelta(days=weekday)).isoformat()


@dataclass(frozen=True)
class Cast:
    """A student of one partner, a student of another, and the one who sees all."""

    student: Person
    partner: Person
    other: Person
    stranger: Person
    admin: Person
    enrollment: str
    elsewhere: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cast(live: Live, stage: Stage) -> Cast:
    admin = await people.administrator(stage)
    partner, student = await people.program_holder(stage), await people.somebody(stage, "Student")
    stranger, other = await people.program_holder(stage, "Stranger"), await people.somebody(stage, "Other")
    enrolled = [await _enrolled(*two) for two in ((partner, student), (stranger, other))]
    await looking.settled(live.stack)
    return Cast(student, partner, other, stranger, admin, *enrolled)


async def _enrolled(holder: Person, student: Person) -> str:
    """Create test enrollment with requirements; set `required_hours_per_week = 10`."""
    program = await people.program(holder, ZONE, required_minutes_per_week=600)
    enrollment = await people.enroll(holder, program, student, WEEK)
    await people.until_known(student, enrollment)
    return enrollment


async def weeks(who: Person, enrollment: str) -> dict[date, Any]:
    """The weeks of an enrollment by their Mondays."""
    items = await agreement.every(who, "compliance", f"/v1/enrollments/{enrollment}/weeks")
    return {date.fromisoformat(week["week_start"]): week for week in items}


async def scanned(cast: Cast, kind: str, on: str) -> None:
    """Run the check of the zone's slot by hand."""
    slot = {"kind": kind, "zone": ZONE, "date": on}
    await cast.admin.ask("POST", "compliance", "/v1/scans", (200, 201), json=slot)


async def test_weekly_hours_compliance(cast: Cast) -> None:
    requirement = await cast.partner.ask("GET", "compliance", f"/v1/requirements/{cast.enrollment}")
    assert requirement["current"]["required_hours_per_week"] == "10.00"

    # Log 5 hours (should be behind).
    await acts.log_hours(cast.student, cast.enrollment, day(0), 120)
    await acts.log_hours(cast.student, cast.enrollment, day(1), 180)
    assert (await weeks(cast.student, cast.enrollment))[WEEK]["logged_minutes"] == 300

    # Run midweek check (Wednesday); verify alert created with severity = 'low'.
    await scanned(cast, "midweek", day(2))
    (alert,) = await acts.alerts(cast.partner, cast.enrollment, "open", WEEK)
    assert (alert["alert_type"], alert["severity"]) == ("midweek_progress", "low")
    (seen,) = await acts.alerts(cast.student, cast.enrollment, "open", WEEK)
    assert seen == alert

    # Log 5 more hours (total 10); verify alert auto-resolved.
    await acts.log_hours(cast.student, cast.enrollment, day(3), 300)
    assert (await weeks(cast.student, cast.enrollment))[WEEK]["logged_minutes"] == 600
    resolved = await cast.partner.ask("GET", "compliance", f"/v1/alerts/{alert['id']}")
    assert (resolved["status"], resolved["resolution"]) == ("resolved", "target-reached")

    # Run weekly check (Sunday); verify no new alerts (on track).
    await scanned(cast, "weekly", day(6))
    assert await acts.alerts(cast.partner, cast.enrollment, "open", WEEK) == []
    (only,) = await acts.alerts(cast.partner, cast.enrollment, "resolved", WEEK)
    assert only["id"] == alert["id"]


async def students_seen(who: Person) -> set[str]:
    """Whose hours, alerts and enrollments one gets to see in lists, wherever they are listed."""
    found = set()
    for service, path in (("compliance", "/v1/hours"), ("compliance", "/v1/alerts"), ("onboarding", "/v1/enrollments")):
        found |= {item["student_id"] for item in await agreement.every(who, service, path)}
    return found


async def test_a_partner_sees_assigned_students_alone(cast: Cast) -> None:
    await acts.log_hours(cast.other, cast.elsewhere, day(0), 60)
    assert await students_seen(cast.partner) == {cast.student.id}
    assert await students_seen(cast.stranger) == {cast.other.id}
    await cast.partner.ask("GET", "compliance", f"/v1/enrollments/{cast.elsewhere}/weeks", 404)


async def test_a_student_sees_their_own_records_alone(cast: Cast) -> None:
    assert await students_seen(cast.student) == {cast.student.id}
    assert await students_seen(cast.other) == {cast.other.id}
    await cast.student.ask("GET", "compliance", f"/v1/enrollments/{cast.elsewhere}/weeks", 404)


async def test_a_partner_does_not_approve_their_own_payroll(cast: Cast) -> None:
    headers = {"If-Match": "*", "Idempotency-Key": str(uuid4())}
    path = f"/api/onboarding/v1/payroll-profiles/{cast.partner.id}/approval"
    answer = await cast.partner.http.post(path, json={}, headers=headers)
    assert answer.status_code == 403, answer.text


async def test_an_administrator_sees_everyone(cast: Cast) -> None:
    async def all_there() -> bool:
        return {cast.student.id, cast.other.id} <= await students_seen(cast.admin)

    await eventually("both students in the lists", all_there)
