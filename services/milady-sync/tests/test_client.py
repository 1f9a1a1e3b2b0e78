"""The client against a real server that misbehaves in every way that the sandbox knows (SPEC 3.4)."""

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
import pytest_asyncio
from dev.harness import eventually
from hypothesis import given
from hypothesis import strategies as st
from milady_sync.client import Launch, MiladyDown, MiladyMalformed, MiladyRefused, answers, connect, milady, transport
from milady_sync.domain import Progress
from milady_sync.settings import MiladySettings
from structlog.testing import capture_logs

COURSE, START, TOKEN = "rise-wellbeing-safety", date(2026, 11, 1), "test-token"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """The pauses between tries are short here."""
    monkeypatch.setattr(transport, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(transport, "JITTER", 0.05)


@asynccontextmanager
async def client_of(sandbox, **settings):
    """A client of the sandbox, whose breaker opens for a moment only."""
    needed = {"database_url": "postgresql://none", "kafka": "none:1", "jwks_url": "http://none"}
    told = {"milady_url": f"{sandbox}/milady", "milady_token": TOKEN, "milady_rate": 500, "milady_timeout": 0.5} | settings
    async with connect(MiladySettings(**needed, **told)) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def client(sandbox):
    async with client_of(sandbox) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def place(client):
    """Someone in a course: (email, Milady's student id, Milady's enrollment id)."""
    email = f"{uuid4()}@example.com"
    student = await client.find_or_create_student(uuid4(), email, "Jordan", "Ellis")
    return email, student, await client.find_or_enroll(student, COURSE)


async def learn(control, place, hours, on, **more):
    order = {"student_email": place[0], "course": COURSE, "hours": hours, "on": on, "activity": "video", **more}
    (await control.post("/study", json=order)).raise_for_status()


async def faults(control, **told):
    (await control.put("/faults", json=told)).raise_for_status()


async def asked(control, path: str) -> list[int]:
    """The statuses of the requests to that path."""
    found = (await control.get("/requests", params={"limit": 500})).json()["requests"]
    return [each["status"] for each in found if path in each["path"]]


async def test_both_dialects_read_alike(client, control, place):
    await learn(control, place, "1.51", "2026-11-13", progress="45.25")
    told = []
    for dialect in ("a", "b"):
        (await control.put("/dialect", json={"dialect": dialect})).raise_for_status()
        told.append((await client.progress(place[2]), await client.time_entries(place[2], START)))
    assert told[0] == told[1]
    progress, entries = told[0]
    assert (progress.percent, progress.minutes_spent) == (Decimal("45.25"), 91)
    assert progress.last_accessed_at.tzinfo is not None
    assert [(e.slot.work_date, e.slot.activity, e.minutes) for e in entries] == [(date(2026, 11, 13), "video", 91)]


async def test_what_is_there_is_found(client, place):
    email, student, enrollment = place
    assert await client.find_or_create_student(uuid4(), email, "Jordan", "Ellis") == student
    assert await client.find_or_enroll(student, COURSE) == enrollment


async def test_an_answer_that_came_too_late_makes_nobody_twice(client, control):
    email = f"{uuid4()}@example.com"
    await faults(control, next=[{"kind": "late", "path": "POST */students", "seconds": 5}])
    student = await client.find_or_create_student(uuid4(), email, "Jordan", "Ellis")
    found = [each["student_id"] for each in (await control.get("/state")).json()["students"] if each["email"] == email]
    assert found == [student]


async def test_all_pages_are_turned(client, control, place, monkeypatch):
    monkeypatch.setattr(milady, "PER_PAGE", 2)
    for day in range(10, 15):
        await learn(control, place, "0.50", f"2026-11-{day}")
    assert [e.slot.work_date.day for e in await client.time_entries(place[2], date(2026, 11, 11))] == [11, 12, 13, 14]


async def test_faults_that_pass_are_waited_out(client, control, place):
    for kind in ({"kind": "status", "count": 2}, {"kind": "malformed"}, {"kind": "hold"}):
        await faults(control, next=[{**kind, "path": f"*{place[2]}*"}])
        await client.progress(place[2])
        assert (await asked(control, place[2]))[-1] == 200


async def test_a_busy_milady_is_asked_again_when_it_says(client, control, place):
    await faults(control, requests_per_second=1)
    await asyncio.gather(client.progress(place[2]), client.progress(place[2]))
    assert sorted(await asked(control, place[2])) == [200, 200, 429]


async def test_a_busy_signal_holds_everyone_back(client, control, place):
    await faults(control, requests_per_second=1)
    first = [asyncio.create_task(client.progress(place[2])) for _ in range(2)]
    await eventually(lambda: asyncio.sleep(0, client._transport.busy_until))
    await control.delete("/faults")
    await client.progress(place[2])
    assert time.monotonic() >= client._transport.busy_until > 0
    await asyncio.gather(*first)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("Fri, 20 Nov 2026 00:00:30 GMT", 30), ("soon", 1), (None, 1), ("Thu, 19 Nov 2026 00:00:00 GMT", 0)]
)
def test_retry_after_comes_in_two_forms(header, seconds):
    assert transport.retry_after(header, datetime(2026, 11, 20, tzinfo=UTC)) == seconds


async def test_answers_that_stay_malformed_are_named(client, control, place):
    await faults(control, next=[{"kind": "malformed", "count": 50, "path": f"*{place[2]}*"}])
    with pytest.raises(MiladyMalformed):
        await client.progress(place[2])


async def test_a_refusal_is_not_repeated(client, control, place):
    with pytest.raises(MiladyRefused):
        await client.progress("enr_unknown")
    assert await asked(control, "enr_unknown") == [404]


async def test_a_wrong_token_is_a_refusal(sandbox, place):
    async with client_of(sandbox, milady_token="wrong") as stranger:
        with pytest.raises(MiladyRefused):
            await stranger.progress(place[2])


async def test_milady_is_left_alone_while_it_is_down(sandbox, control, place, monkeypatch):
    monkeypatch.setattr(transport, "LEFT_ALONE_FOR", 2.0)
    monkeypatch.setattr(transport, "TRIES", 1)
    async with client_of(sandbox) as client:
        await faults(control, down=True)
        ask = client._transport.ask("GET", f"enrollments/{place[2]}/progress", patience=0.5)
        await asyncio.gather(*(client.progress(place[2]) for _ in range(transport.FAILURES_TO_OPEN)), return_exceptions=True)
        asked_before = await asked(control, place[2])
        with pytest.raises(MiladyDown):
            await ask
        assert await asked(control, place[2]) == asked_before
        await client.refuse_while_down()
        monkeypatch.setattr(transport, "PATIENCE", 0.0)
        with pytest.raises(MiladyDown):
            await client.refuse_while_down()
        await control.delete("/faults")
        await client.progress(place[2])
        await client.refuse_while_down()


async def test_one_failing_question_leaves_the_breaker_closed(sandbox, control, client, place):
    await faults(control, next=[{"kind": "status", "count": 50, "path": "*/enr_broken/*"}])
    with pytest.raises(MiladyDown):
        await client.progress("enr_broken")
    assert await asked(control, "enr_broken") == [500] * transport.TRIES
    await client._transport.ask("GET", f"enrollments/{place[2]}/progress", patience=0.1)


async def test_who_was_under_way_waits_for_the_breaker(sandbox, control, place, monkeypatch):
    monkeypatch.setattr(transport, "LEFT_ALONE_FOR", 0.5)
    async with client_of(sandbox) as client:
        await faults(control, next=[{"kind": "status", "status": 503, "count": 8}])
        await asyncio.gather(*(client.progress(place[2]) for _ in range(4)))
    assert (await asked(control, place[2])).count(200) == 4


async def test_logs_of_retries_hold_nothing_personal(client, control):
    email = f"{uuid4()}@example.com"
    await faults(control, next=[{"kind": "status", "path": "POST */students"}])
    with capture_logs() as logs:
        await client.find_or_create_student(uuid4(), email, "Jordan", "Ellis")
    assert any("again" in each["event"] for each in logs)
    assert email not in str(logs)
    assert "Ellis" not in str(logs)


async def test_a_launch_shows_in_no_representation(client, place):
    launch = await client.launch(place[1], place[2])
    assert launch.url.startswith("http")
    assert launch.url not in repr(launch)
    assert isinstance(launch, Launch)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.decimals(allow_nan=True, allow_infinity=True),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = ("completion_percentage", "progress", "time_spent", "last_accessed", "by_date", "pagination", "sso_url", "student_id", "error")
bodies = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), json, max_size=6)
rows = st.dictionaries(st.sampled_from(["date", "hours_spent", "lesson_id", "activity_type"]), json | st.just("2026-11-13"), max_size=4)


@given(bodies | rows.map(lambda row: {"by_date": [row]}))
def test_whatever_milady_says_is_read_or_named(body):
    reads = {answers.student_id: str, answers.place_id: str, answers.progress: Progress}
    reads |= dict.fromkeys((answers.time_entries, answers.pages, answers.launch), tuple)
    for read, kind in reads.items():
        with suppress(MiladyMalformed):
            assert isinstance(read(body), kind)


@given(st.binary(max_size=40))
def test_whatever_bytes_come_are_read_or_named(content):
    with suppress(MiladyMalformed):
        assert isinstance(answers.body(content), dict)
