"""Whatever dies, and whenever: every accepted command is found once, everywhere where it should be known, and in order."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio
from dev.demo.stage import Stage, eventually
from dev.live import Live

from . import agreement, looking, ordering, people, waiting
from .load import Load, at_work, prepared

pytestmark = pytest.mark.timeout(1800)
ZONE = "America/Los_Angeles"
STUDENTS = 5
VICTIMS = (*waiting.EVERY_SERVICE, "gateway", "sandbox", "kafka", "postgres")
BACKLOG = "select count(*) as n from outbox where published_at is null"


async def kill_relay_with_backlog(live: Live, load: Load) -> None:
    """While Kafka stands still, commands go on and the outbox fills; then compliance, with the relay in the midst of it, dies."""
    with live.paused("kafka"):

        async def filled() -> bool:
            (row,) = await looking.rows(live.stack, "compliance", BACKLOG)
            return bool(row["n"] > 40)

        await eventually("a backlog", filled)
        killed = live.kill("compliance")
        await asyncio.to_thread(waiting.until, "another compliance", lambda: live.processes().get("compliance", killed) != killed)
    await asyncio.to_thread(waiting.all_ready, live)
    await load.goes_on()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def after(live: Live, stage: Stage) -> AsyncIterator[Load]:
    """A load under which everything was killed once, when all of it has come to rest."""
    load = await prepared(stage, ZONE, STUDENTS)
    async with at_work(load):
        await load.goes_on()
        for name in VICTIMS:
            await asyncio.to_thread(waiting.kill, live, name)
            await load.goes_on()
        await kill_relay_with_backlog(live, load)
    await asyncio.to_thread(waiting.all_ready, live)
    await people.administrator(stage)
    await looking.set_up(live.stack, load.program)
    yield load


async def test_clients_met_nothing_but_passing_faults(after: Load) -> None:
    """A command is answered, or it may be tried again; an internal error would say neither."""
    assert not [fault for fault in after.faults if " 500 " in fault], after.faults


async def test_every_accepted_entry_is_in_the_ledger_once(after: Load) -> None:
    for work in after.work:
        entries = await agreement.every(work.student, "compliance", "/v1/hours", enrollment_id=work.enrollment)
        assert sorted(entry["external_key"] for entry in entries) == sorted(work.minutes)
        assert {entry["external_key"]: entry["minutes"] for entry in entries} == work.minutes | dict.fromkeys(work.voided, 0)
        assert {entry["external_key"] for entry in entries if entry["status"] == "voided"} == work.voided
        weeks = await agreement.every(work.student, "compliance", f"/v1/enrollments/{work.enrollment}/weeks")
        assert sum(week["logged_minutes"] for week in weeks) == sum(entry["minutes"] for entry in entries)


async def test_every_service_that_was_submitted_is_there_once(after: Load) -> None:
    for work in after.work:
        entries = await agreement.every(work.student, "skills", "/v1/entries", enrollment_id=work.enrollment)
        assert sorted(entry["id"] for entry in entries if entry["status"] == "pending") == sorted(work.services)
        assert len(entries) == len(work.services), "a draft that was answered late was made twice"


async def test_the_portal_says_what_the_owners_say(stage: Stage, after: Load) -> None:
    admin = stage.people["Admin"]
    for enrollment in [one.enrollment for one in (*after.work, *after.newcomers)]:
        assert (await agreement.agree(stage, admin, enrollment))["enrollment"], "both know nothing of it"


async def test_every_newcomer_is_enrolled_set_up_and_welcomed_once(stage: Stage, after: Load) -> None:
    enrolled = await agreement.every(after.holder, "onboarding", "/v1/enrollments", program_id=after.program)
    everyone = {one.enrollment for one in (*after.newcomers, *after.work)}
    assert sorted(one["id"] for one in enrolled) == sorted(everyone)
    milady = (await stage.sandbox.get("/control/state")).json()["students"]
    places = {student["email"].lower(): sorted(one["course_code"] for one in student["enrollments"]) for student in milady}
    assert len(places) == len(milady), "an account was made twice"
    for one in after.newcomers:
        assert places[one.email.lower()] == ["rise-finance-fundamentals", "rise-wellbeing-safety"]
        told = await agreement.every(stage.people["Admin"], "messaging", "/v1/notifications", recipient_id=one.id)
        assert sorted((each["kind"], each["status"]) for each in told) == [("email-verification", "sent"), ("welcome", "sent")]


async def test_every_command_is_in_the_audit_trail_once(stage: Stage, after: Load) -> None:
    counted = "select action, count(*) as n from audit_entry where subject_id = $1 group by action"
    for work in after.work:
        ledger = {row["action"]: row["n"] for row in await looking.rows(stage.stack, "compliance", counted, UUID(work.student.id))}
        assert (ledger["hours.submit"], ledger.get("hours.void", 0)) == (len(work.minutes), len(work.voided))


async def test_everything_committed_is_on_the_topics_in_order(stage: Stage, after: Load) -> None:
    assert await ordering.published(stage.stack) == await ordering.committed(stage.stack)
    assert await ordering.turned_around(stage.stack) == []


async def test_every_consumer_applied_everything(stage: Stage, after: Load) -> None:
    assert await ordering.not_applied(stage.stack) == []
    assert await looking.unplanned_letters(stage.stack) == []


async def test_every_audit_chain_verifies(live: Live, after: Load) -> None:
    for service, done in (await waiting.told(live, "audit", "verify")).items():
        assert done.returncode == 0, service + done.stdout + done.stderr
        assert "0 not sealed yet" in done.stdout, service
