"""The demo's story as a test, and what must be true of the whole stack after it."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
import pytest_asyncio
from dev.demo.stage import Person, Stage
from dev.demo.story import LOGGED, SKILLS, STEPS, STUDENTS
from dev.demo.weeks import FIRST, SECOND
from dev.live import Live
from dev.live_containers import Containers
from dev.stack import SERVICES, secrets_of

from . import agreement, looking, people, spans
from .spans import Trace

pytestmark = pytest.mark.timeout(900)
ENTRIES = {"Jordan Lee": 8, "Riley Chen": 3, "Sam Rivera": 0}
LMS = {"1.58": 95, "1.80": 108}


TOLD = {
    "user.changed", "partner.applied", "document.signed", "partner.approved", "partner.activated", "program.published",
    "enrollment.created", "student.assigned", "provisioning.requested", "milady.provisioned", "sync.requested", "course.progressed",
    "sync.finished", "hours.logged", "alert.raised", "alert.resolved", "message.requested", "message.sent", "skill.logged",
    "skill.approved",
}  # fmt: skip
"""Every topic that the story reaches."""


@dataclass
class Traced(Stage):
    """A stage whose people all act in one trace."""

    trace: Trace = field(default_factory=Trace.begun)

    async def person(self, name: str, email: str, password: str) -> Person:
        """Someone whose every request continues the trace."""
        made = await super().person(name, email, password)
        made.http.headers.update(self.trace.headers)
        return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def story(live: Live) -> AsyncIterator[Traced]:
    """The stage after the last step, when nothing is under way any more."""
    async with Traced.open(live.stack) as stage:
        for number, step in enumerate(STEPS, 1):
            await stage.play(number, step)
        await people.administrator(stage)
        await looking.settled(live.stack)
        yield stage


@pytest.fixture(scope="module")
def admin(story: Stage) -> Person:
    return story.people["Admin"]


async def test_every_mail_lies_on_disk_once_and_nobody_was_told_twice(story: Stage, admin: Person) -> None:
    for person in story.people.values():
        told = await agreement.every(admin, "messaging", "/v1/notifications", recipient_id=person.id)
        assert {one["status"] for one in told} <= {"sent"}
        mails = looking.mails_to(story.stack, person.email)
        assert sorted(mail["Subject"] for mail in mails) == sorted(one["subject"] for one in told)
        assert len({mail["Message-ID"] for mail in mails}) == len(mails) == len(told)
        files = [(story.stack.home / "outbox" / f"{one['id']}.eml").exists() for one in told]
        assert all(files)


async def test_everyone_was_told_what_concerns_them(story: Stage, admin: Person) -> None:
    async def kinds(name: str) -> list[str]:
        told = await agreement.every(admin, "messaging", "/v1/notifications", recipient_id=story.people[name].id)
        return sorted(one["kind"] for one in told)

    for name in STUDENTS:
        assert await kinds(name) == ["email-verification", "welcome"]
    about_her = ["email-verification", "partner-activated", "partner-applied", "partner-approved", "signed-copy"]
    scans = [one for one in await agreement.every(admin, "compliance", "/v1/scans") if one["zone"] == "America/New_York"]
    digests = [scan for scan in scans if scan["raised"] + scan["risen"]]
    assert await kinds("Dana Brooks") == sorted(about_her + ["alerts-digest"] * len(digests))


async def test_the_ledger_adds_up(story: Stage) -> None:
    jordan, enrollment = story.people["Jordan Lee"], story.facts["Jordan Lee"]
    entries = await agreement.every(jordan, "compliance", "/v1/hours", enrollment_id=enrollment)
    lms = [entry for entry in entries if entry["source"] == "lms"]
    assert sorted(entry["minutes"] for entry in lms) == sorted(LMS.values())
    assert {(entry["status"], entry["category"], entry["logged_by"]) for entry in lms} == {("verified", "theory", None)}
    assert sum(entry["minutes"] for entry in entries) == sum(LMS.values()) + 3 * 150 + 600
    weeks = {week["week_start"]: week for week in await agreement.every(jordan, "compliance", f"/v1/enrollments/{enrollment}/weeks")}
    first, second = weeks[FIRST.isoformat()], weeks[SECOND.isoformat()]
    assert (first["logged_minutes"], first["status"]) == (sum(LMS.values()) + 450, "met")
    assert (second["logged_minutes"], second["logged_hours"], second["status"]) == (600, "10.00", "met")


async def test_who_is_silent_has_two_open_alerts_who_is_behind_one_and_who_is_on_track_none(story: Stage) -> None:
    dana = story.people["Dana Brooks"]
    still_open = await agreement.every(dana, "portal", "/v1/alerts", status="open")
    assert sorted((alert["enrollment_id"], alert["severity"]) for alert in still_open) == sorted(
        [
            (story.facts["Sam Rivera"], "medium"),
            (story.facts["Sam Rivera"], "high"),
            (story.facts["Riley Chen"], "low"),
        ]
    )
    resolved = await agreement.every(dana, "portal", "/v1/alerts", status="resolved", enrollment_id=story.facts["Jordan Lee"])
    assert [(alert["alert_type"], alert["resolution"]) for alert in resolved] == [("midweek_progress", "target-reached")]


@pytest.mark.parametrize("name", STUDENTS)
async def test_the_portal_says_what_the_owners_say(story: Stage, admin: Person, name: str) -> None:
    told = await agreement.agree(story, admin, story.facts[name])
    busy = name == "Jordan Lee"
    assert len(told["hours"]) == ENTRIES[name]
    assert [entry[3] for entry in told["services"]] == ["approved"] * (sum(LOGGED.values()) if busy else 0)
    assert len(told["courses"]) == (2 if busy else 0)
    assert told["milady"] == [("provisioned",)]


async def test_progress_is_the_same_wherever_it_is_computed(story: Stage) -> None:
    jordan, enrollment = story.people["Jordan Lee"], story.facts["Jordan Lee"]
    shown = await jordan.ask("GET", "portal", f"/v1/students/{jordan.id}/progress")
    owned = await jordan.ask("GET", "skills", f"/v1/enrollments/{enrollment}/competency")
    quotas = sum(skill.get("quota") or 0 for skill in SKILLS)
    practical = Decimal(100 * sum(LOGGED.values())) / quotas
    assert round(Decimal(owned["practical_percent"]), 9) == round(Decimal(shown["practical"]["exact"]), 9) == round(practical, 9)
    counted = {skill["code"]: skill["approved"] for skill in shown["skills"]}
    assert counted == {skill["code"]: skill["approved"] for skill in owned["skills"]} == {"beard_trim": 0, **LOGGED}
    assert Decimal(shown["theory"]["exact"]) == 45
    assert round(Decimal(shown["overall"]["exact"]), 9) == round((45 + practical) / 2, 9)


@pytest.mark.parametrize("service", [one.name for one in SERVICES])
async def test_every_audit_chain_is_whole_and_the_portal_has_all_of_it(story: Stage, admin: Person, service: str) -> None:
    found = await admin.ask("GET", service, "/v1/audit/verification")
    assert (found["broken_at"], found["unsealed"]) == (None, 0)
    assert found["entries"] > 0 or service == "portal", "the portal changes nothing itself"
    kept = "select position, hash from audit_log where service = $1 order by position"
    shown = await looking.rows(story.stack, "portal", kept, service)
    assert [one["position"] for one in shown] == list(range(1, found["entries"] + 1))
    assert not shown or shown[-1]["hash"] == found["head"]


async def test_the_whole_story_is_one_unbroken_trace(story: Traced) -> None:
    found = await spans.complete(story.stack, story.trace, *TOLD)
    assert {topic for _, topic, _ in spans.edges(found)} == TOLD


async def test_no_log_and_no_trace_tells_a_secret_or_a_name(live: Live, story: Traced) -> None:
    secret = {**json.loads(secrets_of(story.stack).file.read_text()), **{f"the name {name}": name for name in (*STUDENTS, "Dana Brooks")}}
    for one in story.people.values():
        token = one.http.headers["Authorization"].removeprefix("Bearer ")
        theirs = {"password": one.password, "address": one.email, "access token": token, "refresh token": one.refresh_token}
        secret |= {f"{one.name}'s {what}": said for what, said in theirs.items()}
    written = _written(live)
    assert any(story.trace.id in text for text in written.values())
    assert sorted(f"{what} in {where}" for where, text in written.items() for what, said in secret.items() if said in text) == []


def _written(live: Live) -> dict[str, str]:
    """Everything that what runs wrote for operators, by where it lies; not what a command answered to the operator who gave it."""
    home = live.stack.home
    texts = {str(file.relative_to(home)): file.read_text(errors="replace") for file in (*home.glob("logs/*"), *home.glob("traces/*"))}
    if isinstance(live, Containers):
        texts["docker compose logs"] = live.docker("logs", *live.docker("ps", "--services").stdout.split()).stdout
    return texts


async def test_no_event_was_set_aside(story: Stage) -> None:
    assert await looking.unplanned_letters(story.stack) == []
