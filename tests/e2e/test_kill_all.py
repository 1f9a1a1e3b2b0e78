"""The power fails in the middle of the story, again and again; and Kafka is not there when everything starts."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from dev.demo import acts, pages
from dev.demo.stage import Stage, eventually
from dev.demo.story import LOGGED, STEPS, STUDENTS
from dev.live import Live, temporary_stack

from . import agreement, looking, ordering, people, waiting
from .patience import PatientBrowser, PatientStage

pytestmark = pytest.mark.timeout(1800)
DIES_AT = {
    "program_and_enrollment": 4,
    "milady_provisions": 1,
    "student_studies": 2,
    "midweek": 5,
    "services_on_the_chair": 90,
}
"""In the midst of which request of which steps everything dies: enrolling, provisioning, syncing, an alert on the page, photos."""
if os.environ.get("CHAIRSIDE_CONTAINERS"):
    # What is lost in which request is the same in both; how all of it comes back is not, and takes containers a minute each time.
    DIES_AT = {step: DIES_AT[step] for step in ("program_and_enrollment", "services_on_the_chair")}


@pytest.fixture(scope="module")
def own() -> Iterator[Live]:
    """A stack of its own, so that nothing else dies with it."""
    with temporary_stack() as live:
        yield live


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def story(own: Live) -> AsyncIterator[Stage]:
    """The story, in which everything died at those requests, when nothing is under way any more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "Browser", PatientBrowser)
        async with PatientStage.open(own.stack) as stage:
            stage.outlast(own)
            for number, step in enumerate(STEPS, 1):
                await stage.struck(number, step, DIES_AT.get(step.__name__, 0))
            await people.administrator(stage)
            await looking.settled(own.stack)
            yield stage


async def test_the_story_goes_on_and_completes(story: Stage) -> None:
    assert DIES_AT.keys() < {step.__name__ for step in STEPS}
    jordan = story.people["Jordan Lee"]
    shown = await jordan.ask("GET", "portal", f"/v1/students/{jordan.id}/progress")
    assert acts.rounded(shown) == {"practical": "22", "theory": "45", "overall": "33"}


async def test_nothing_is_doubled_and_nothing_is_missing(story: Stage) -> None:
    told = await agreement.agree(story, story.people["Admin"], story.facts["Jordan Lee"])
    assert sorted(int(entry[3]) for entry in told["hours"]) == [95, 108, 120, 150, 150, 150, 180, 300]
    assert len(told["services"]) == sum(LOGGED.values())
    assert [(alert[2], alert[5]) for alert in told["alerts"]] == [("midweek_progress", "resolved")]
    quiet = await agreement.agree(story, story.people["Admin"], story.facts["Sam Rivera"])
    assert (quiet["hours"], quiet["services"]) == ([], [])


async def test_everyone_was_told_once(story: Stage) -> None:
    files = {file.stem for file in (story.stack.home / "outbox").glob("*")}
    told = [one for person in story.people.values() for one in await agreement.every(person, "messaging", "/v1/notifications")]
    assert {one["status"] for one in told} == {"sent"}
    assert files >= {one["id"] for one in told}
    welcomes = [one["recipient_id"] for one in told if one["kind"] == "welcome"]
    assert sorted(set(welcomes)) == sorted(story.people[name].id for name in STUDENTS)


async def test_milady_has_everyone_once(story: Stage) -> None:
    students = (await story.sandbox.get("/control/state")).json()["students"]
    assert sorted(student["name"] for student in students) == sorted(STUDENTS)
    assert [len(student["enrollments"]) for student in students] == [2] * len(STUDENTS)


async def test_the_delivery_path_is_whole(story: Stage) -> None:
    assert await ordering.published(story.stack) == await ordering.committed(story.stack)
    assert await ordering.turned_around(story.stack) == []
    assert await ordering.not_applied(story.stack) == []
    assert await looking.unplanned_letters(story.stack) == []


@pytest.mark.parametrize("service", waiting.EVERY_SERVICE)
async def test_every_audit_chain_verifies(story: Stage, service: str) -> None:
    found = await story.people["Admin"].ask("GET", service, "/v1/audit/verification")
    assert (found["broken_at"], found["unsealed"]) == (None, 0)


async def test_without_kafka_services_wait_and_say_so_and_go_on_when_it_comes(own: Live, story: Stage) -> None:
    known = "select name from person where email = $1"
    email = f"early-{time.time_ns()}@e2e.example"
    with own.without_kafka():
        for service in waiting.EVERY_SERVICE:
            await asyncio.to_thread(waiting.until, f"{service} waiting for Kafka", lambda service=service: waits(own.lacking(service)))  # type: ignore[misc]
            missing = own.lacking(service)
            assert missing is not None
            assert all("Kafka" in what or "group" in what for what in missing.values()), missing
        early = {"email": email, "name": "Early Bird", "password": secrets.token_urlsafe(12)}
        answer = await story.people["Admin"].http.post("/api/identity/v1/users", json=early)
        assert answer.status_code == 201, "a command does not need Kafka"

    async def arrived() -> bool:
        return await looking.rows(own.stack, "portal", known, email) == [{"name": "Early Bird"}]

    await eventually("what was said without Kafka, in the portal", arrived)


def waits(missing: dict[str, str] | None) -> bool:
    """Whether nothing but Kafka is missing: the relay, and every consumer."""
    return bool(missing) and all(name == "relay" or name.startswith("consumer ") for name in missing or ())
