"""What cannot be read or handled: it stops nothing, is set aside with its bytes, and can be seen (SPEC 2, ARCHITECTURE 4)."""

import asyncio
import re
import urllib.request
from dataclasses import dataclass
from uuid import uuid4

import pytest
import pytest_asyncio
from contracts.event import EVENTS, Event
from contracts.examples import example
from contracts.topics import TOPICS
from dev.demo import acts
from dev.demo.stage import Stage, eventually
from dev.live import Live

from . import looking, people, waiting
from .looking import Group
from .sending import MARK, Headers, Planted, headers_of, plant

pytestmark = pytest.mark.timeout(900)
ZONE = "America/Phoenix"
POISONED = ("program.published", "course.progressed", "partner.activated")
"""Topics whose consumers together are all services."""


def with_header(headers: Headers, name: str, value: bytes) -> Headers:
    return [*((known, kept) for known, kept in headers if known != name), (name, value)]


def poison(event: Event) -> list[tuple[bytes | None, bytes | None, Headers]]:
    """Records that are each wrong in one respect."""
    good, body, key = headers_of(event.producers[0], event), event.to_json(), event.key_text.encode()
    return [
        (key, b"{not json", headers_of(event.producers[0], event)),
        (key, b'{"revision": 1}', headers_of(event.producers[0], event)),
        (key, b"[" * 50_000, headers_of(event.producers[0], event)),
        (key, body, with_header(good, "x-origin", b"\xff\xfe")),
        (key, body, with_header(good, "ce_id", b"\xff\xfe")),
        (key, body, with_header(good, "ce_dataschema", f"urn:chairside:event:{event.topic}:v99".encode())),
        (key, body, with_header(good, "ce_type", b"other.happened")),
        (None, body, [MARK]),
        (key, None, headers_of(event.producers[0], event)),
        (None, b"", [MARK]),
    ]


@dataclass(frozen=True)
class Poisoned:
    """What was planted, and who has to set it aside."""

    planted: list[Planted]

    def expected(self) -> dict[tuple[str, str], Planted]:
        """Every letter that there must be, by consumer and origin."""
        return {(group.name, one.origin): one for group in looking.groups() for one in self.planted if one.topic in group.topics}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def poisoned(live: Live) -> Poisoned:
    """Every partition of the topics holds poison, and after it nothing is under way any more."""
    count = {topic.name: topic.partitions for topic in TOPICS}
    planted = []
    for topic in POISONED:
        for partition in range(count[topic]):
            planted += await plant(live.stack, topic, partition, *poison(example(topic)))
    await looking.settled(live.stack)
    return Poisoned(planted)


def origin(letter: looking.ConsumerRecord[bytes, bytes]) -> str:
    return "/".join(looking.header(letter, f"dlq_{name}") for name in ("topic", "partition", "offset"))


def test_together_they_reach_every_service() -> None:
    assert {name for topic in POISONED for name in EVENTS[topic].consumers} == set(waiting.EVERY_SERVICE)


async def test_all_of_it_is_set_aside_once_with_its_bytes(live: Live, poisoned: Poisoned) -> None:
    expected = poisoned.expected()
    letters = [letter for letter in await looking.dead_letters(live.stack) if origin(letter) in {where for _, where in expected}]
    assert sorted((looking.header(letter, "dlq_consumer"), origin(letter)) for letter in letters) == sorted(expected)
    for letter in letters:
        sent = expected[looking.header(letter, "dlq_consumer"), origin(letter)]
        assert letter.topic == f"{sent.topic}.dlq"
        assert (letter.key, letter.value) == (sent.key, sent.value)
        assert [(name, value) for name, value in letter.headers if not name.startswith("dlq_")] == sent.headers
        assert looking.header(letter, "dlq_error")
        assert looking.header(letter, "dlq_at")


@pytest.mark.parametrize("group", looking.groups(), ids=lambda group: group.name)
async def test_operators_see_it_on_the_command_line_and_in_the_metrics(live: Live, poisoned: Poisoned, group: Group) -> None:
    mine = {where for consumer, where in poisoned.expected() if consumer == group.name}
    listed = await asyncio.to_thread(live.run, group.service, "dead-letters", "list")
    assert listed.returncode == 0, listed.stderr
    lines = {line.split()[0]: line for line in listed.stdout.splitlines()}
    assert mine <= lines.keys()
    assert all(re.search(r"UnreadableError: .+", lines[where]) for where in mine)
    if mine:
        url = f"http://127.0.0.1:{live.stack.port(group.service)}/metrics"
        metrics = await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=30).read().decode())
        told = re.findall(rf'dead_letters_total{{consumer="{group.name}",topic="[a-z.-]+"}} ([0-9.]+)', metrics)
        assert sum(map(float, told)) >= len(mine)


async def test_redriving_what_is_still_bad_says_so_and_adds_no_letter(live: Live, poisoned: Poisoned) -> None:
    before = len(await looking.dead_letters(live.stack))
    one = next(sent for sent in poisoned.planted if sent.topic == "partner.activated")
    again = await asyncio.to_thread(live.run, "identity", "dead-letters", "redrive", "--origin", one.origin)
    assert again.returncode == 0, again.stderr
    (line,) = again.stdout.splitlines()
    assert line.startswith(one.origin)
    assert "failed again: UnreadableError" in line
    assert len(await looking.dead_letters(live.stack)) == before


async def test_good_ones_go_on_in_every_service(stage: Stage, poisoned: Poisoned) -> None:
    """A partner's role, a program, an enrollment and its progress, all of them events of poisoned topics."""
    holder, student = await people.program_holder(stage), await people.somebody(stage, "Student")
    program = await people.program(holder, ZONE)
    enrollment = await people.enroll(holder, program, student, people.weeks_ago(2))
    await people.until_known(student, enrollment)
    await acts.log_hours(student, enrollment, people.weeks_ago(2).isoformat(), 30)
    await eventually("both courses in Milady", lambda: acts.milady_courses(stage, student))
    await eventually("the welcome", lambda: acts.notified(student, "welcome"))
    studied = {"course": "rise-wellbeing-safety", "hours": "1.00", "on": people.weeks_ago(2).isoformat(), "activity": "video"}
    (await stage.sandbox.post("/control/study", json={"student_email": student.email, **studied, "progress": 40})).raise_for_status()
    await people.administrator(stage)
    await acts.sync(stage, enrollment)
    await looking.settled(stage.stack)
    shown = await student.ask("GET", "portal", f"/v1/students/{student.id}/progress")
    assert [course["percent"]["rounded"] for course in shown["courses"]] == [40, 0]
    kept = await looking.rows(
        stage.stack, "onboarding", "select percent from course_progress where student_id = $1 order by 1 desc", student.id
    )
    assert [float(row["percent"]) for row in kept] == [40, 0]
    catalogue = await student.ask("GET", "skills", f"/v1/programs/{program}/skills")
    assert [skill["code"] for skill in catalogue["skills"]] == ["haircut", "shave"]


async def test_what_a_handler_refuses_is_set_aside_there_and_nowhere_else(live: Live) -> None:
    """A program in a zone that there is not: whoever computes weeks cannot take it, the others can."""
    nowhere = example("program.published").model_copy(update={"program_id": uuid4(), "time_zone": "Mars/Olympus_Mons"})
    body = nowhere.key_text.encode(), nowhere.to_json(), headers_of("onboarding", nowhere)
    (sent,) = await plant(live.stack, "program.published", 0, body)
    await looking.settled(live.stack)
    letters = [letter for letter in await looking.dead_letters(live.stack) if origin(letter) == sent.origin]
    assert [looking.header(letter, "dlq_consumer") for letter in letters] == ["compliance"]
    assert "Mars/Olympus_Mons" in looking.header(letters[0], "dlq_error")
