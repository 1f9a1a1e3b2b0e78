"""Nobody sees more than they may, through any service: students themselves, partners the students assigned to them now (SPEC 3.10)."""

from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from dev.demo import acts
from dev.demo.pages import Browser, open_browser
from dev.demo.photos import photo
from dev.demo.stage import Person, Stage, eventually
from dev.live import Live

from . import agreement, looking, people, waiting
from .apprentice import apprentice
from .reach import ANSWER, FILE, Records, seen_by

pytestmark = pytest.mark.timeout(900)
ZONE = "America/Denver"
RECORDS = {
    ("milady-sync", "/v1/enrollments/{enrollment_id}/progress"),
    ("milady-sync", "/v1/enrollments/{enrollment_id}/time"),
    ("milady-sync", "/v1/provisionings"),
    ("skills", "/v1/entries"),
    ("skills", "/v1/entries/{entry_id}"),
    ("skills", "/v1/entries/{entry_id}/photos/{kind}"),
    ("skills", "/v1/enrollments/{enrollment_id}/competency"),
    ("compliance", "/v1/hours"),
    ("compliance", "/v1/hours/{log_id}"),
    ("compliance", "/v1/enrollments/{enrollment_id}/weeks"),
    ("compliance", "/v1/enrollments/{enrollment_id}/statement"),
    ("compliance", "/v1/enrollments/{enrollment_id}/forecast"),
    ("compliance", "/v1/weekly-dashboard"),
    ("compliance", "/v1/enrollments/{enrollment_id}/statement.pdf"),
    ("compliance", "/v1/requirements/{enrollment_id}"),
    ("compliance", "/v1/leaves"),
    ("compliance", "/v1/leaves/{leave_id}"),
    ("compliance", "/v1/alerts"),
    ("compliance", "/v1/alerts/{alert_id}"),
    ("onboarding", "/v1/enrollments"),
    ("onboarding", "/v1/enrollments/{enrollment_id}"),
    ("onboarding", "/v1/assignments"),
    ("onboarding", "/v1/assignments/{assignment_id}"),
    ("portal", "/v1/students/{student_id}/progress"),
    ("portal", "/v1/alerts"),
}
"""Where a student's records can be read, by the student and by the partner."""
EXPORTS = {("identity", "/v1/exports/{export_id}"), ("identity", "/v1/exports/{export_id}/archive")}
IMPORTS = {("compliance", "/v1/hours/imports/{import_id}")}
OWN = RECORDS | EXPORTS | IMPORTS | {("identity", "/v1/me"), ("identity", "/v1/users/{user_id}"), ("messaging", "/v1/notifications")}
OWN |= {(service, "/v1/people/{person_id}/records") for service in waiting.EVERY_SERVICE}
HOLDERS_OWN = {("onboarding", "/v1/partners/{user_id}"), ("onboarding", "/v1/signatures/{signature_id}")}
TABLES = {("compliance", "/v1/weekly-dashboard.csv")}
"""For partners and administrators alone."""
KEPT = {("onboarding", "/v1/assignments"), ("onboarding", "/v1/assignments/{assignment_id}")}
"""What stays with a partner after the end: that there was an assignment, by ids alone."""


@dataclass(frozen=True)
class Cast:
    """A student with records of every kind and the partner of that student; another student and another partner."""

    student: Person
    holder: Person
    other: Person
    stranger: Person
    records: Records


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cast(live: Live, stage: Stage) -> Cast:
    made, stranger = await apprentice(stage, ZONE), await people.program_holder(stage, "Stranger")
    student, other = made.student, await people.somebody(stage, "Other")
    elsewhere = await people.enroll(stranger, await people.program(stranger, ZONE), other, people.weeks_ago(6))
    await people.until_known(other, elsewhere)
    await looking.settled(live.stack)
    export = await student.ask("POST", "identity", f"/v1/users/{student.id}/export", 202)

    async def exported() -> Any:
        return (await student.ask("GET", "identity", f"/v1/exports/{export['id']}"))["state"] == "done"

    await eventually("the export", exported)
    row = {"enrollment_id": made.enrollment, "work_date": people.weeks_ago(3).isoformat(), "minutes": 10, "category": "practical"}
    brought = await student.ask("POST", "compliance", "/v1/hours/imports", 202, json={"rows": [row]})

    async def imported() -> Any:
        return (await student.ask("GET", "compliance", f"/v1/hours/imports/{brought['id']}"))["state"] == "done"

    await eventually("the import", imported)
    more = {"import_id": brought["id"], "person_id": student.id, "export_id": export["id"], "identity.user_id": student.id,
            "onboarding.user_id": made.holder.id,
            "recipient_id": student.id, "subject_id": student.id, "object_id": made.enrollment, "email": student.email,
            "client_id": student.id}  # fmt: skip
    marks = {
        student.id,
        student.email,
        student.name,
        *(made.ids[name] for name in ("enrollment_id", "log_id", "alert_id", "entry_id", "leave_id")),
    }
    return Cast(student, made.holder, other, stranger, Records(made.ids | more, frozenset(marks)))


async def test_a_student_sees_their_own_records_everywhere(cast: Cast) -> None:
    assert (await seen_by(cast.student, cast.records)).keys() == OWN


async def test_the_assigned_partner_sees_the_students_records(cast: Cast) -> None:
    seen = await seen_by(cast.holder, cast.records)
    assert seen.keys() == RECORDS | HOLDERS_OWN | TABLES
    assert seen["skills", "/v1/entries/{entry_id}/photos/{kind}"] == {FILE}


@pytest.mark.parametrize("who", ["other", "stranger"])
async def test_nobody_else_sees_anything_of_it_anywhere(cast: Cast, who: str) -> None:
    assert await seen_by(getattr(cast, who), cast.records) == {}


def deeds(cast: Cast) -> list[tuple[str, str, str, Any]]:
    """What somebody else might try with the student's records."""
    ids = cast.records.ids
    hours = {"enrollment_id": ids["enrollment_id"], "work_date": people.weeks_ago(5).isoformat(), "minutes": 5, "category": "practical"}
    service = {"enrollment_id": ids["enrollment_id"], "skill_code": "haircut", "service_name": "Cut", "duration_minutes": 30,
               "performed_at": "2026-01-05T15:00:00Z", "client_identifier": "C-1", "self_rating": 3}  # fmt: skip
    return [
        ("POST", "compliance", "/v1/hours", {**hours, "source": "manual"}),
        ("POST", "compliance", "/v1/hours", {**hours, "source": "partner"}),
        ("POST", "compliance", f"/v1/hours/{ids['log_id']}/void", {"reason": "not mine"}),
        ("POST", "skills", "/v1/entries", service),
        ("PATCH", "skills", f"/v1/entries/{ids['entry_id']}", {"service_name": "Mine now"}),
        ("POST", "skills", f"/v1/entries/{ids['entry_id']}/submission", {}),
        ("POST", "skills", f"/v1/entries/{ids['entry_id']}/approval", {}),
        ("POST", "skills", f"/v1/entries/{ids['entry_id']}/rejection", {"feedback": "no"}),
        ("POST", "milady-sync", "/v1/launches", {"enrollment_id": ids["enrollment_id"], "course_code": "rise-wellbeing-safety"}),
        ("POST", "milady-sync", "/v1/syncs", {"scope": "enrollment", "id": ids["enrollment_id"]}),
        ("POST", "milady-sync", "/v1/syncs", {"scope": "program", "id": ids["program_id"]}),
        ("POST", "milady-sync", f"/v1/provisionings/{ids['enrollment_id']}/retry", {}),
        ("POST", "onboarding", f"/v1/enrollments/{ids['enrollment_id']}/withdrawal",
         {"ended_on": people.weeks_ago(1).isoformat(), "reason": "spite"}),
        ("DELETE", "onboarding", f"/v1/assignments/{ids['assignment_id']}", None),
        ("POST", "compliance", "/v1/scans", {"kind": "weekly", "zone": ZONE, "date": "2026-01-04"}),
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["other", "stranger"])
async def test_nobody_else_changes_anything_of_it(stage: Stage, cast: Cast, who: str) -> None:
    admin, enrollment = await people.administrator(stage), cast.records.ids["enrollment_id"]
    before = await agreement.owners(admin, enrollment)
    for method, service, path, body in deeds(cast):
        answer = await getattr(cast, who).http.request(method, f"/api/{service}{path}", json=body)
        assert answer.status_code in (403, 404), f"{method} {service} {path}: {answer.status_code} {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
    approved = await getattr(cast, who).http.post("/api/skills/v1/approvals", json={"enrollment_id": enrollment})
    assert approved.status_code in (403, 404) or approved.json() == {"approved": [], "skipped": []}
    assert await agreement.owners(admin, enrollment) == before


async def heard(browser: Browser, name: str) -> None:
    async def there() -> bool:
        return name in browser.heard

    await eventually(f"{name} on the live stream", there)


async def test_pages_and_their_live_stream_keep_to_it(stage: Stage, cast: Cast) -> None:
    theirs, strangers = await open_browser(stage, cast.holder), await open_browser(stage, cast.stranger)
    assert cast.student.name in await theirs.page("/program-holder")
    shown = await strangers.page("/program-holder")
    assert cast.other.name in shown
    assert not [mark for mark in cast.records.marks if mark in shown]
    entry = f"/services/{cast.records.ids['entry_id']}"
    assert [(await strangers.http.get(path)).status_code for path in (entry, f"{entry}/photos/after")] == [404, 404]
    (elsewhere,) = await agreement.every(cast.other, "onboarding", "/v1/enrollments")
    await acts.log_service(cast.other, elsewhere["id"], "shave", 2, photo(2))
    await heard(strangers, "skills")
    strangers.heard.clear()
    await acts.log_hours(cast.student, cast.records.ids["enrollment_id"], people.weeks_ago(4).isoformat(), 5)
    await heard(theirs, "hours")
    await acts.log_service(cast.other, elsewhere["id"], "shave", 3, photo(3))
    await heard(strangers, "skills")
    assert "hours" not in strangers.heard


async def test_after_the_assignment_ended_the_rows_are_gone(stage: Stage, cast: Cast) -> None:
    admin = await people.administrator(stage)
    ended = await admin.http.delete(f"/api/onboarding/v1/assignments/{cast.records.ids['assignment_id']}")
    assert ended.status_code == 204
    await looking.settled(stage.stack)
    seen = await seen_by(cast.holder, cast.records)
    assert seen.keys() == HOLDERS_OWN | KEPT
    assert set().union(*seen.values()) == {ANSWER, cast.student.id}
    page = await (await open_browser(stage, cast.holder)).page("/program-holder")
    assert not [mark for mark in cast.records.marks if mark in page]
    assert (await seen_by(cast.student, cast.records)).keys() == OWN
