"""Events that come again, late, out of order or about what has ended change nothing that is true (SPEC 2)."""

import email
import email.policy
import hashlib
import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from aiokafka import ConsumerRecord
from contracts.event import EVENTS, Event
from contracts.examples import example
from dev.demo.stage import Person, Stage
from dev.live import Live

from . import agreement, looking, people, sending, waiting
from .apprentice import COURSE, Apprentice, apprentice

pytestmark = pytest.mark.timeout(900)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(stage: Stage) -> Apprentice:
    return await apprentice(stage, people.quiet_zone())


async def state(stage: Stage, made: Apprentice) -> dict[str, Any]:
    """All that the services say of an apprentice, through their APIs; with the mails on disk, and how many audit entries there are."""
    admin = stage.people["Admin"]
    told: dict[str, Any] = {
        "owners": await agreement.owners(admin, made.enrollment),
        "portal": await agreement.portal(stage, made.enrollment),
    }
    told["progress"] = await made.student.ask("GET", "portal", f"/v1/students/{made.student.id}/progress")
    told["competency"] = await made.student.ask("GET", "skills", f"/v1/enrollments/{made.enrollment}/competency")
    time = await agreement.every(admin, "milady-sync", f"/v1/enrollments/{made.enrollment}/time")
    # Work that is asked for again under a new id reads Milady again, and may say so.
    told["time"] = [{name: value for name, value in one.items() if name != "last_synced_at"} for one in time]
    told["milady"] = await agreement.every(admin, "milady-sync", "/v1/provisionings", enrollment_id=made.enrollment)
    told["assignments"] = await agreement.every(admin, "onboarding", "/v1/assignments", student_id=made.student.id)
    told["partner"] = await admin.ask("GET", "onboarding", f"/v1/partners/{made.holder.id}")
    told["people"] = [await admin.ask("GET", "identity", f"/v1/users/{person.id}") for person in (made.student, made.holder)]
    for person in (made.student, made.holder):
        told[f"mail to {person.name}"] = await agreement.every(admin, "messaging", "/v1/notifications", recipient_id=person.id)
    told["mails"] = mails(stage, made)
    counted = "select count(*) as n from audit_entry where subject_id = any($1::uuid[])"
    ours = [made.student.id, made.holder.id]
    told["audit"] = {name: (await looking.rows(stage.stack, name, counted, ours))[0]["n"] for name in waiting.EVERY_SERVICE}
    return told


def mails(stage: Stage, made: Apprentice) -> dict[str, tuple[str, str, str]]:
    """By file, the mails to the two and those that name them: to whom, about what, and the hash of it all.

    Others get theirs meanwhile, such as a newcomer of another test whose account Milady makes at the next try.
    """
    found, names = {}, [made.student.name, made.holder.name]
    for file in (stage.stack.home / "outbox").glob("*.eml"):
        content = file.read_bytes()
        mail = email.message_from_bytes(content, policy=email.policy.default)
        said = " ".join([mail["To"], mail["Subject"], *(part.get_content() for part in mail.walk() if not part.is_multipart())])
        if any(name in said for name in names):
            found[file.name] = (mail["To"], mail["Subject"], hashlib.sha256(content).hexdigest())
    return found


async def about(live: Live, made: Apprentice) -> list[ConsumerRecord[bytes, bytes]]:
    """Every event that speaks of the apprentice or the holder."""
    ids = [one.encode() for one in (made.student.id, made.holder.id, made.enrollment)]
    found = [one for one in await looking.records(live.stack, looking.EVENT_TOPICS) if not looking.header(one, looking.PLANTED)]
    return [one for one in found if one.topic != "audit.recorded" and any(part in (one.value or b"") for part in ids)]


async def test_they_speak_of_every_kind_of_thing(live: Live, made: Apprentice) -> None:
    """So that the tests below are about all topics that an apprentice's records come from."""
    topics = {record.topic for record in await about(live, made)}
    never_here = {"audit.recorded", "alert.resolved", "enrollment.withdrawn", "student.unassigned", "skill.approved", "skill.rejected",
                  "milady.provisioning-failed", "message.failed", "consent.changed", "week.closed", "partner.suspended"}  # fmt: skip
    assert topics == EVENTS.keys() - never_here


async def test_what_every_service_publishes_again_changes_nothing(live: Live, stage: Stage, made: Apprentice) -> None:
    await people.administrator(stage)
    await looking.settled(live.stack)
    before, lay = await state(stage, made), len(await looking.records(live.stack, looking.EVENT_TOPICS))
    told = await waiting.told(live, "replay")
    assert {service: one.stderr for service, one in told.items() if one.returncode} == {}
    again = sum(int(one.stdout.split()[0]) for one in told.values())
    assert again > 50
    await looking.settled(live.stack)
    assert len(await looking.records(live.stack, looking.EVENT_TOPICS)) >= lay + again
    assert await state(stage, made) == before


@pytest.mark.parametrize("as_new", [False, True], ids=["copies", "under new message ids"])
async def test_events_that_come_again_in_any_order_change_nothing(live: Live, stage: Stage, made: Apprentice, as_new: bool) -> None:
    """Copies fall to the inbox; under new ids, the older state falls to the revision that each service keeps."""
    await people.administrator(stage)
    await looking.settled(live.stack)
    before, history = await state(stage, made), await about(live, made)
    assert len(history) > 20
    random.Random(7).shuffle(history)
    await sending.send_again(live.stack, history, as_new=as_new)
    await sending.send_again(live.stack, reversed(history), as_new=as_new)
    await looking.settled(live.stack)
    assert await state(stage, made) == before
    assert await looking.unplanned_letters(live.stack) == []


async def refusals(stage: Stage, made: Apprentice) -> dict[str, str]:
    """What each service says to whoever goes on with the enrollment."""
    on = (people.weeks_ago(6) + timedelta(days=1)).isoformat()
    hours = {"enrollment_id": made.enrollment, "work_date": on, "minutes": 5, "category": "practical", "source": "manual"}
    service = {"enrollment_id": made.enrollment, "skill_code": "haircut", "service_name": "Cut", "duration_minutes": 30,
               "performed_at": f"{on}T15:00:00Z", "client_identifier": "C-1", "self_rating": 3}  # fmt: skip
    asked = {
        "compliance": (made.student, "/v1/hours", hours),
        "skills": (made.student, "/v1/entries", service),
        "milady-sync": (stage.people["Admin"], "/v1/syncs", {"scope": "enrollment", "id": made.enrollment}),
    }
    answers = {name: await who.http.post(f"/api/{name}{path}", json=body) for name, (who, path, body) in asked.items()}
    return {name: f"{answer.status_code} {answer.json().get('type')}" for name, answer in answers.items()}


ENDED = {
    "compliance": "409 /problems/enrollment-not-active",
    "skills": "409 /problems/enrollment-ended",
    "milady-sync": "409 /problems/enrollment-ended",
}


async def test_events_about_a_withdrawn_enrollment_are_kept_and_revive_nothing(live: Live, stage: Stage) -> None:
    made = await apprentice(stage, people.quiet_zone())
    ended_on = people.weeks_ago(4)
    ending = {"ended_on": ended_on.isoformat(), "reason": "moved away"}
    await made.holder.ask("POST", "onboarding", f"/v1/enrollments/{made.enrollment}/withdrawal", json=ending)
    await people.administrator(stage)
    await looking.settled(live.stack)
    assert await refusals(stage, made) == ENDED
    weeks = await agreement.every(made.student, "compliance", f"/v1/enrollments/{made.enrollment}/weeks")
    late = event("hours.logged", made, log_id=uuid4(), work_date=ended_on + timedelta(days=3), minutes=77, source="lms", revision=1)
    further = event("course.progressed", made, course_code=COURSE, percent=80, revision=50)
    created = event("enrollment.created", made, program_id=UUID(made.ids["program_id"]), status="active", ended_on=None, revision=1)
    await sending.send(live.stack, "milady-sync", late, further)
    await sending.send(live.stack, "onboarding", created)
    await looking.settled(live.stack)
    assert await looking.unplanned_letters(live.stack) == []
    assert await refusals(stage, made) == ENDED
    entries = await agreement.every(made.student, "compliance", "/v1/hours", enrollment_id=made.enrollment)
    assert [one["minutes"] for one in entries if one["log_id"] == str(late.log_id)] == [77]  # type: ignore[attr-defined]
    assert await agreement.every(made.student, "compliance", f"/v1/enrollments/{made.enrollment}/weeks") == weeks
    assert (await agreement.portal(stage, made.enrollment))["enrollment"][0][0] == "withdrawn"
    shown = await made.student.ask("GET", "portal", f"/v1/students/{made.student.id}/progress")
    assert (shown["status"], [course["percent"]["rounded"] for course in shown["courses"] if course["code"] == COURSE]) == (
        "withdrawn",
        [80],
    )


def event(topic: str, made: Apprentice, **told: Any) -> Event:
    """An event of the contracts' story, told of this apprentice."""
    fields = EVENTS[topic].model_fields
    who = {"enrollment_id": UUID(made.enrollment), "student_id": UUID(made.student.id)}
    return EVENTS[topic].model_validate(example(topic).model_dump() | {name: who[name] for name in who if name in fields} | told)


async def test_what_is_told_of_an_unknown_enrollment_is_completed_when_the_rest_comes(live: Live, stage: Stage) -> None:
    holder, student = await people.program_holder(stage), await people.somebody(stage, "Student")
    ids = {"student_id": student.id, "enrollment_id": str(uuid4()), "program_id": str(uuid4())}
    made, week = Apprentice(student, holder, ids), people.weeks_ago(3)
    started = {"program_id": UUID(ids["program_id"]), "started_on": week, "ended_on": None, "status": "active", "revision": 1}
    theirs = [
        ("milady-sync", event("hours.logged", made, log_id=uuid4(), work_date=week, minutes=90, source="lms", revision=2)),
        ("milady-sync", event("course.progressed", made, course_code=COURSE, percent=30, revision=1)),
        ("skills", event("skill.logged", made, entry_id=uuid4(), program_id=UUID(ids["program_id"]), skill_code="haircut", revision=1)),
        ("onboarding", event("student.assigned", made, assignment_id=uuid4(), partner_id=UUID(holder.id), active=True, revision=1)),
        ("onboarding", event("enrollment.created", made, cohort_id=None, **started)),
        (
            "onboarding",
            event("program.published", made, program_id=UUID(ids["program_id"]), partner_id=UUID(holder.id), time_zone=people.quiet_zone()),
        ),
    ]
    for source, one in theirs:
        await sending.send(live.stack, source, one)
        await looking.settled(live.stack)
    assert await looking.unplanned_letters(live.stack) == []
    await _all_is_there(made, week.isoformat())


async def _all_is_there(made: Apprentice, week: str) -> None:
    """Each for themselves: the student, and the partner who is assigned."""
    for person in (made.student, made.holder):
        weeks: list[dict[str, Any]] = await agreement.every(person, "compliance", f"/v1/enrollments/{made.enrollment}/weeks")
        assert {one["week_start"]: one["logged_minutes"] for one in weeks}[week] == 90
        shown = await person.ask("GET", "portal", f"/v1/students/{made.student.id}/progress")
        assert shown["enrollment_id"] == made.enrollment
        assert {course["code"]: course["percent"]["rounded"] for course in shown["courses"]}[COURSE] == 30
        assert {skill["code"]: skill["pending"] for skill in shown["skills"]}["haircut"] == 1
        assert await _set_up(person, made.enrollment)


async def _set_up(person: Person, enrollment: str) -> bool:
    """Whether Milady has the student in the courses, which waited for the program."""
    (found,) = await agreement.every(person, "milady-sync", "/v1/provisionings", enrollment_id=enrollment)
    return bool(found["state"] == "provisioned")
